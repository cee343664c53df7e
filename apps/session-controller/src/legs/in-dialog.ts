/** A dialog and the way to send within it: Request-URI, route set, CSeq, tags (RFC 3261 §12), common headers of ours. */
import type { Dialog, HeaderLine, SipRequest, SipResponse } from '#sip';
import { dialogFromInvite, dialogFromResponse, makeAck, makeInDialogRequest, receiveInDialog, refreshRemoteTarget } from './dialog.js';
import type { Sdp } from '#telephony';
import { ALLOW, type LegPorts, SDP_TYPE } from './leg.js';
import type { RequestUser, SentRequest } from './sip-sender.js';

export interface InDialogRequest {
  readonly headers?: readonly HeaderLine[];
  readonly sdp?: Sdp | null;
}

export class InDialog {
  /** The session description that our end shows now: what a session refresh repeats. */
  localSdp: Sdp | null = null;
  /** The offer/answer exchange of the first INVITE is not complete. */
  offerPending = false;

  private constructor(readonly data: Dialog, private readonly callUUID: string, readonly ports: LegPorts) {}

  /** Of an INVITE that came in, to be answered with this tag. */
  static uas(invite: SipRequest, localTag: string, callUUID: string, ports: LegPorts): InDialog {
    return new InDialog(dialogFromInvite(invite, localTag), callUUID, ports);
  }

  /** Of a 1xx or 2xx to our INVITE. */
  static uac(response: SipResponse, callUUID: string, ports: LegPorts): InDialog {
    return new InDialog(dialogFromResponse(response), callUUID, ports);
  }

  get remoteTag(): string {
    return this.data.remoteTag;
  }

  /** The dialog stands: by our 2xx, or by that of the far end, whose route set and target then count (§13.2.2.4). */
  confirm(response?: SipResponse): void {
    this.data.state = 'Confirmed';
    if (response === undefined) return;
    const { routeSet, remoteTarget } = dialogFromResponse(response);
    this.data.routeSet = routeSet;
    this.data.remoteTarget = remoteTarget;
  }

  /** @returns the status to refuse it with, or undefined when it fits (§12.2.2) */
  accept(request: SipRequest): number | undefined {
    return receiveInDialog(this.data, request);
  }

  /** Target refresh requests and their 2xx carry the far end's present Contact. */
  refreshTarget(message: SipRequest | SipResponse): void {
    refreshRemoteTarget(this.data, message);
  }

  request(method: string, user: RequestUser, { headers = [], sdp = null }: InDialogRequest): SentRequest {
    const request = makeInDialogRequest(this.data, method, {
      headers: [...this.#own(method), ...headers], ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
    return this.ports.sender.request(request, user);
  }

  /** ACK to a 2xx; its bytes serve again when the 2xx is repeated. */
  ack(seq: number, sdp: Sdp | null): string | undefined {
    const ack = makeAck(this.data, seq, {
      headers: [['X-Genesys-CallUUID', this.callUUID]], ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
    return this.ports.sender.ack(ack);
  }

  repeat(bytes: string): void {
    this.ports.sender.resend(this.data.callId, bytes);
  }

  #own(method: string): HeaderLine[] {
    const own: HeaderLine[] = [['X-Genesys-CallUUID', this.callUUID]];
    // §12.2.1.1: Contact refreshes the target, where the method may do that.
    if (method === 'INVITE' || method === 'UPDATE' || method === 'NOTIFY') own.push(['Contact', this.ports.contact]);
    if (method === 'INVITE' || method === 'UPDATE') own.push(['Allow', ALLOW]);
    return own;
  }
}
