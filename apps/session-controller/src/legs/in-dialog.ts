/** A dialog and the way to send within it, with the headers that all our requests carry. */
import {
  confirm, type Dialog, dialogFromInvite, type HeaderLine, makeAck, makeInDialogRequest, onDialogRequest, onDialogResponse,
  ReliableReceiver, type SipRequest, type SipResponse,
} from '#sip';
import type { Sdp } from '#telephony';
import { ALLOW, type LegPorts, SDP_TYPE } from './leg.js';
import type { RequestUser, SentRequest } from './sip-sender.js';

export interface InDialogRequest {
  readonly headers?: readonly HeaderLine[];
  readonly sdp?: Sdp | null;
}

/** RFC 3261 §12.2.1.1: what may refresh the remote target names our own. */
const WITH_CONTACT = new Set(['INVITE', 'UPDATE', 'NOTIFY']);
const WITH_ALLOW = new Set(['INVITE', 'UPDATE']);

export class InDialog {
  /** The session description that our end shows now: what a session refresh repeats. */
  localSdp: Sdp | null = null;
  /** The offer/answer exchange of the first INVITE is not complete. */
  offerPending = true;
  /** Reliable 1xx of the far end (RFC 3262 §4). */
  readonly reliable = new ReliableReceiver();

  constructor(readonly data: Dialog, private readonly callUUID: string, readonly ports: LegPorts) {}

  /** Of an INVITE that came in, to be answered with this tag. */
  static uas(invite: SipRequest, localTag: string, callUUID: string, ports: LegPorts): InDialog {
    return new InDialog(dialogFromInvite(invite, localTag), callUUID, ports);
  }

  /** Our 2xx left. */
  confirm(): void {
    confirm(this.data);
  }

  /** @returns the status to refuse it with, or undefined when it fits */
  accept(request: SipRequest): number | undefined {
    const verdict = onDialogRequest(this.data, request);
    return verdict.kind === 'refuse' ? verdict.status : undefined;
  }

  request(method: string, user: RequestUser, { headers = [], sdp = null }: InDialogRequest): SentRequest {
    const request = makeInDialogRequest(this.data, method, {
      ...(WITH_CONTACT.has(method) ? { contact: this.ports.contact } : {}),
      headers: [...this.#own(method), ...headers],
      ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
    return this.ports.sender.request(request, {
      onResponse: (response) => this.#onResponse(response, user),
      onFailure: (reason) => user.onFailure(reason),
    });
  }

  /** ACK to a 2xx; its bytes serve again when the 2xx is repeated. */
  ack(seq: number, sdp: Sdp | null): string | undefined {
    return this.ports.sender.ack(makeAck(this.data, seq, {
      headers: this.#own('ACK'), ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    }));
  }

  repeat(bytes: string): void {
    this.ports.sender.resend(this.data.callId, bytes);
  }

  #onResponse(response: SipResponse, user: RequestUser): void {
    onDialogResponse(this.data, response);
    user.onResponse(response);
  }

  #own(method: string): HeaderLine[] {
    const own: HeaderLine[] = [['X-Genesys-CallUUID', this.callUUID]];
    if (WITH_ALLOW.has(method)) own.push(['Allow', ALLOW]);
    return own;
  }
}
