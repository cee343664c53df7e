/** Dialogs as plain data: RFC 3261 §12. A node that takes over a call takes its dialogs with it. */
import { type HeaderLine, makeRequest } from '../message/make.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import { nextHop, routeRequest } from './route-set.js';
import type { SessionTimerState } from './session-timer.js';

export type DialogState = 'Early' | 'Confirmed' | 'Terminated';

export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty while an RFC 2543 peer has none. */
  readonly remoteTag: string;
  /** From or To as sent, without the tag. */
  readonly localUri: string;
  readonly remoteUri: string;
  /** The Contact of the remote end: a URI, the Request-URI of what we send. */
  remoteTarget: string;
  /** Route header values, the next hop first. Fixed once the dialog is confirmed. */
  routeSet: readonly string[];
  /** CSeq number of our latest request; undefined until there is one. */
  localSeq: number | undefined;
  remoteSeq: number | undefined;
  /** The dialog was opened with a sips: Request-URI (§12.1.1). */
  readonly secure: boolean;
  state: DialogState;
  readonly role: 'UAC' | 'UAS';
  sessionTimer?: SessionTimerState;
}

export type DialogVerdict = { readonly kind: 'accept' } | { readonly kind: 'refuse'; readonly status: number };

export interface InDialogParts {
  /** Address of ours in angle brackets; wanted by INVITE, UPDATE, SUBSCRIBE, NOTIFY and REFER. */
  readonly contact?: string;
  readonly headers?: readonly HeaderLine[];
  readonly contentType?: string;
  readonly body?: string;
}

const ACCEPT: DialogVerdict = { kind: 'accept' };
const MAX_FORWARDS = '70';

/** Requests that may move the remote target (§12.2, RFC 3311 §5.1, RFC 6665 §4.4.1). */
const TARGET_REFRESH = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']);
/** Methods of the session that the INVITE made, as against subscriptions and others in the same dialog. */
const OF_SESSION = new Set(['INVITE', 'UPDATE', 'INFO', 'BYE']);

/** The UAS side, when a request that opens a dialog gets its first response with our tag (§12.1.1). Early until {@link confirm}. */
export function dialogFromInvite(request: SipRequest, localTag: string): Dialog {
  return {
    callId: request.callId,
    localTag,
    remoteTag: request.from.tag ?? '',
    localUri: withoutTag(request.header('To') ?? ''),
    remoteUri: withoutTag(request.header('From') ?? ''),
    remoteTarget: request.contacts[0]?.uriText ?? request.from.uriText,
    routeSet: request.values('Record-Route'),
    localSeq: undefined,
    remoteSeq: request.cseq.seq,
    secure: request.requestUri?.scheme === 'sips',
    state: 'Early',
    role: 'UAS',
  };
}

/**
 * The UAC side, when a response with a To tag comes (§12.1.2): early by a 1xx, confirmed by a 2xx. Each To tag is a dialog
 * of its own.
 */
export function dialogFromResponse(request: SipRequest, response: SipResponse): Dialog {
  return {
    callId: request.callId,
    localTag: request.from.tag ?? '',
    remoteTag: response.to.tag ?? '',
    localUri: withoutTag(request.header('From') ?? ''),
    remoteUri: withoutTag(request.header('To') ?? ''),
    remoteTarget: response.contacts[0]?.uriText ?? request.uri,
    routeSet: response.values('Record-Route').reverse(),
    localSeq: request.cseq.seq,
    remoteSeq: undefined,
    secure: request.requestUri?.scheme === 'sips',
    state: response.status < 200 ? 'Early' : 'Confirmed',
    role: 'UAC',
  };
}

/** A UAS sent its 2xx. */
export function confirm(dialog: Dialog): void {
  if (dialog.state === 'Early') dialog.state = 'Confirmed';
}

/**
 * A request in the dialog (§12.2.2). An old CSeq is refused with 500, so that a delayed request does not undo a newer one;
 * ACK and CANCEL bear the number of their INVITE and move nothing.
 */
export function onDialogRequest(dialog: Dialog, request: SipRequest): DialogVerdict {
  const { method } = request;
  if (dialog.state === 'Terminated') return { kind: 'refuse', status: 481 };
  if (method === 'ACK' || method === 'CANCEL') return ACCEPT;
  const { seq } = request.cseq;
  if (dialog.remoteSeq !== undefined && seq <= dialog.remoteSeq) return { kind: 'refuse', status: 500 };
  dialog.remoteSeq = seq;
  if (TARGET_REFRESH.has(method)) refreshTarget(dialog, request);
  if (method === 'BYE') dialog.state = 'Terminated';
  return ACCEPT;
}

/**
 * A response to a request of ours in the dialog, or to the INVITE that opened it. A 2xx to a target refresh request moves
 * the target; the first 2xx to the INVITE also sets the route set anew (§13.2.2.4). 481 and 408 to a request of the session end
 * the dialog (§12.2.1.2); to one of another usage, such as a NOTIFY that the phone does not know, they do not (RFC 5057 §5.1).
 */
export function onDialogResponse(dialog: Dialog, response: SipResponse): void {
  const { status } = response;
  const { method } = response.cseq;
  if (dialog.state === 'Terminated') return;
  if (method === 'INVITE' && dialog.state === 'Early' && dialog.role === 'UAC' && status >= 200) {
    if (status >= 300) {
      dialog.state = 'Terminated';
      return;
    }
    dialog.state = 'Confirmed';
    dialog.routeSet = response.values('Record-Route').reverse();
  }
  if (status >= 200 && status < 300) {
    if (TARGET_REFRESH.has(method)) refreshTarget(dialog, response);
    if (method === 'BYE') dialog.state = 'Terminated';
  } else if ((status === 481 || status === 408) && OF_SESSION.has(method) || method === 'BYE' && status >= 300 && status !== 401 && status !== 407) {
    dialog.state = 'Terminated';
  }
}

/** A new request in the dialog, with the next CSeq number; without a Via, which the transaction layer adds. */
export function makeInDialogRequest(dialog: Dialog, method: string, parts: InDialogParts = {}): SipRequest {
  dialog.localSeq = dialog.localSeq === undefined ? 1 : dialog.localSeq + 1;
  return make(dialog, method, dialog.localSeq, parts);
}

/** ACK to a 2xx (§13.2.2.4): the number of its INVITE, and the route set of the dialog. Without a Via. */
export function makeAck(dialog: Dialog, inviteSeq: number, parts: InDialogParts = {}): SipRequest {
  return make(dialog, 'ACK', inviteSeq, parts);
}

/** The URI that a request in this dialog is sent to: the first route, or the remote target. */
export function dialogNextHop(dialog: Dialog): string {
  return nextHop(dialog.remoteTarget, dialog.routeSet);
}

/** What a dialog is known by on our side (§12). */
export function dialogId(dialog: Dialog): string {
  return idOf(dialog.callId, dialog.localTag, dialog.remoteTag);
}

/** The dialog a message belongs to, as seen by its receiver. */
export function dialogIdOf(message: SipRequest | SipResponse): string {
  const [local, remote] = message.kind === 'request' ? [message.to.tag, message.from.tag] : [message.from.tag, message.to.tag];
  return idOf(message.callId, local ?? '', remote ?? '');
}

function idOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

function refreshTarget(dialog: Dialog, message: SipRequest | SipResponse): void {
  const contact = message.contacts[0];
  if (contact !== undefined) dialog.remoteTarget = contact.uriText;
}

function make(dialog: Dialog, method: string, seq: number, parts: InDialogParts): SipRequest {
  const { uri, routes } = routeRequest(dialog.remoteTarget, dialog.routeSet);
  const headers: HeaderLine[] = routes.map((route) => ['Route', route]);
  headers.push(
    ['Max-Forwards', MAX_FORWARDS],
    ['From', withTag(dialog.localUri, dialog.localTag)],
    ['To', withTag(dialog.remoteUri, dialog.remoteTag)],
    ['Call-ID', dialog.callId],
    ['CSeq', `${seq} ${method}`],
  );
  if (parts.contact !== undefined) headers.push(['Contact', parts.contact]);
  return makeRequest({ ...parts, method, uri, headers: headers.concat(parts.headers ?? []) });
}

function withTag(uri: string, tag: string): string {
  return tag === '' ? uri : `${uri};tag=${tag}`;
}

/** From or To as received, so that display names and parameters stay; only the tag is ours to add. */
function withoutTag(value: string): string {
  const afterUri = value.lastIndexOf('>') + 1;
  return value.slice(0, afterUri) + value.slice(afterUri).replace(/;\s*tag\s*=\s*[^;\s]*/i, '');
}
