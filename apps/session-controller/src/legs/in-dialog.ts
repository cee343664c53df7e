/** A dialog and the way to send within it, with the headers that all our requests carry. */
import {
  confirm, type Dialog, dialogFromInvite, type HeaderLine, makeAck, makeInDialogRequest, onDialogRequest, onDialogResponse,
  ReliableReceiver, type SipRequest,
} from '#sip';
import type { Sdp } from '#telephony';
import { ALLOW, type LegPorts, SDP_TYPE } from './leg.js';
import type { RequestUser, SentRequest, SentText } from './sip-sender.js';
import type { DialogSnapshot } from './snapshots.js';

export interface InDialogRequest {
  readonly headers?: readonly HeaderLine[];
  readonly sdp?: Sdp | null;
}

/** RFC 3261 §12.2.1.1: what may refresh the remote target names our own. */
const WITH_CONTACT = new Set(['INVITE', 'UPDATE', 'NOTIFY']);
const WITH_ALLOW = new Set(['INVITE', 'UPDATE']);
/** Requests that the process before may have sent and not told of: a number must not be used twice (RFC 3261 §12.2.1.1). */
export const CSEQ_MARGIN = 100;

export class InDialog {
  /** The session description that our end shows now: what a session refresh repeats. */
  localSdp: Sdp | null = null;
  /** The offer/answer exchange of the first INVITE is not complete. */
  offerPending = true;
  /** Reliable 1xx of the far end (RFC 3262 §4). */
  readonly reliable = new ReliableReceiver();

  /** `changed`: numbers or targets of the dialog are others now. */
  constructor(readonly data: Dialog, private readonly callUUID: string, readonly ports: LegPorts, private readonly changed: () => void) {}

  /** Of an INVITE that came in, to be answered with this tag. */
  static uas(invite: SipRequest, localTag: string, callUUID: string, ports: LegPorts, changed: () => void): InDialog {
    return new InDialog(dialogFromInvite(invite, localTag), callUUID, ports, changed);
  }

  static restore({ data, localSdp, offerPending }: DialogSnapshot, callUUID: string, ports: LegPorts, changed: () => void): InDialog {
    const dialog = new InDialog({ ...data, localSeq: (data.localSeq ?? 0) + CSEQ_MARGIN }, callUUID, ports, changed);
    dialog.localSdp = localSdp;
    dialog.offerPending = offerPending;
    return dialog;
  }

  snapshot(): DialogSnapshot {
    return { data: this.data, localSdp: this.localSdp, offerPending: this.offerPending };
  }

  /** Our 2xx left. */
  confirm(): void {
    confirm(this.data);
  }

  /** @returns the status to refuse it with, or undefined when it fits */
  accept(request: SipRequest): number | undefined {
    this.changed();
    const verdict = onDialogRequest(this.data, request);
    return verdict.kind === 'refuse' ? verdict.status : undefined;
  }

  request(method: string, user: RequestUser, { headers = [], sdp = null }: InDialogRequest): SentRequest {
    const request = makeInDialogRequest(this.data, method, {
      ...(WITH_CONTACT.has(method) ? { contact: this.ports.contact } : {}),
      headers: [...this.#own(method), ...headers],
      ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
    return this.ports.sender.request(request, this.#hearing(user));
  }

  /** A request in this dialog that the process before had sent leaves again as it was. */
  requestAgain(sent: SentText, user: RequestUser): SentRequest {
    return this.ports.sender.repeat(sent, this.#hearing(user));
  }

  /** ACK to a 2xx; its bytes serve again when the 2xx is repeated. */
  ack(seq: number, sdp: Sdp | null): string | undefined {
    this.changed();
    return this.ports.sender.ack(makeAck(this.data, seq, {
      headers: this.#own('ACK'), ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    }));
  }

  repeat(bytes: string): void {
    this.ports.sender.resend(this.data.callId, bytes);
  }

  #hearing(user: RequestUser): RequestUser {
    return {
      onSent: () => this.changed(),
      onResponse: (response) => {
        this.changed();
        onDialogResponse(this.data, response);
        user.onResponse(response);
      },
      onFailure: (reason) => {
        this.changed();
        user.onFailure(reason);
      },
    };
  }

  #own(method: string): HeaderLine[] {
    const own: HeaderLine[] = [['X-Genesys-CallUUID', this.callUUID]];
    if (WITH_ALLOW.has(method)) own.push(['Allow', ALLOW]);
    return own;
  }
}
