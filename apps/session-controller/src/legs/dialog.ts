/** RFC 3261 §12 over the plain data of a dialog: how it comes about, and how requests within it look. */
import { type Dialog, type HeaderLine, makeRequest, type SipRequest, type SipResponse } from '#sip';

export interface DialogRequestParts {
  readonly headers: readonly HeaderLine[];
  readonly contentType?: string;
  readonly body?: string;
}

/** §12.1.1. */
export function dialogFromInvite(invite: SipRequest, localTag: string): Dialog {
  return {
    callId: invite.callId, localTag, remoteTag: invite.from.tag ?? '',
    localUri: `<${invite.to.uriText}>`, remoteUri: `<${invite.from.uriText}>`,
    remoteTarget: invite.contacts[0]?.uriText ?? invite.from.uriText,
    routeSet: invite.values('Record-Route'),
    localSeq: undefined, remoteSeq: invite.cseq.seq, secure: false, state: 'Early', role: 'UAS', inviteSeq: invite.cseq.seq,
  };
}

/** §12.1.2. */
export function dialogFromResponse(response: SipResponse): Dialog {
  return {
    callId: response.callId, localTag: response.from.tag ?? '', remoteTag: response.to.tag ?? '',
    localUri: `<${response.from.uriText}>`, remoteUri: `<${response.to.uriText}>`,
    remoteTarget: response.contacts[0]?.uriText ?? response.to.uriText,
    routeSet: response.values('Record-Route').reverse(),
    localSeq: response.cseq.seq, remoteSeq: undefined, secure: false, state: 'Early', role: 'UAC', inviteSeq: response.cseq.seq,
  };
}

/** §12.2.2: 500 for a request that is older than one before. */
export function receiveInDialog(dialog: Dialog, request: SipRequest): 500 | undefined {
  const { seq } = request.cseq;
  if (dialog.remoteSeq !== undefined && seq < dialog.remoteSeq) return 500;
  dialog.remoteSeq = seq;
  return undefined;
}

export function refreshRemoteTarget(dialog: Dialog, message: SipRequest | SipResponse): void {
  const contact = message.contacts[0];
  if (contact !== undefined) dialog.remoteTarget = contact.uriText;
}

/** §12.2.1.1. */
export function makeInDialogRequest(dialog: Dialog, method: string, parts: DialogRequestParts): SipRequest {
  dialog.localSeq = (dialog.localSeq ?? 0) + 1;
  return requestOf(dialog, method, dialog.localSeq, parts);
}

/** §13.2.2.4: the ACK carries the number of the INVITE that it acknowledges. */
export function makeAck(dialog: Dialog, seq: number, parts: DialogRequestParts): SipRequest {
  return requestOf(dialog, 'ACK', seq, parts);
}

function requestOf(dialog: Dialog, method: string, seq: number, { headers, contentType, body }: DialogRequestParts): SipRequest {
  const remoteTag = dialog.remoteTag === '' ? '' : `;tag=${dialog.remoteTag}`;
  return makeRequest({
    method, uri: dialog.remoteTarget,
    headers: [
      ...dialog.routeSet.map((route): HeaderLine => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', `${dialog.localUri};tag=${dialog.localTag}`],
      ['To', `${dialog.remoteUri}${remoteTag}`],
      ['Call-ID', dialog.callId],
      ['CSeq', `${seq} ${method}`],
      ...headers,
    ],
    ...(contentType === undefined ? {} : { contentType }), ...(body === undefined ? {} : { body }),
  });
}
