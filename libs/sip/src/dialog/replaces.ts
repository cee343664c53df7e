/** Replaces: an INVITE that takes the place of a dialog. RFC 3891. */
import { trimmed } from '../headers/chars.js';
import { Params } from '../headers/params.js';
import type { Dialog } from './dialog.js';

export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  readonly earlyOnly: boolean;
}

/** Undefined when it is not one: answer 400 (§3). */
export function parseReplaces(value: string): Replaces | undefined {
  const semicolon = value.indexOf(';');
  if (semicolon <= 0) return undefined;
  const params = new Params(value.slice(semicolon));
  const toTag = params.get('to-tag');
  const fromTag = params.get('from-tag');
  if (toTag === undefined || fromTag === undefined) return undefined;
  return { callId: trimmed(value, 0, semicolon), toTag, fromTag, earlyOnly: params.has('early-only') };
}

/** Header value that replaces `dialog` when the remote end of it receives the INVITE. */
export function replacesFor(dialog: Dialog, earlyOnly = false): string {
  return `${dialog.callId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}${earlyOnly ? ';early-only' : ''}`;
}

/** §3: the to-tag is our local tag, the from-tag the remote one; tag 0 stands for none (RFC 2543). */
export function isReplaced(dialog: Dialog, replaces: Replaces): boolean {
  return dialog.callId === replaces.callId && sameTag(dialog.localTag, replaces.toTag)
    && sameTag(dialog.remoteTag, replaces.fromTag);
}

/**
 * What becomes of an INVITE with Replaces.
 *
 * @param dialog the one that `isReplaced` found, if any
 * @returns undefined when it may take its place, else the status to answer
 */
export function refuseReplaces(replaces: Replaces, dialog: Dialog | undefined): number | undefined {
  if (dialog === undefined) return 481;
  if (dialog.state === 'Terminated') return 603;
  if (dialog.state === 'Confirmed') return replaces.earlyOnly ? 486 : undefined;
  // An early dialog can be replaced only at the side that opened it.
  return dialog.role === 'UAC' ? undefined : 481;
}

function sameTag(ours: string, theirs: string): boolean {
  return ours === theirs || (ours === '' && theirs === '0');
}
