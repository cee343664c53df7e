/** How a session controller names itself in Contact and in tags (docs/specs/sip-routing.md, "Names"). */
import type { SipRequest } from '#sip';

const DIALOG_USER = /^n(\d{1,5})$/;
const DIALOG_TAG = /^n(\d{1,5})\./;

/** The server of a dialog: by the remote target, or by the tag when the sender kept to the Request-URI of its INVITE. */
export function dialogServerId({ requestUri, to }: SipRequest): number | undefined {
  const named = DIALOG_USER.exec(requestUri?.user ?? '');
  return named === null ? serverIdOfTag(to.tag) : Number(named[1]);
}

export function serverIdOfTag(tag: string | undefined): number | undefined {
  const named = DIALOG_TAG.exec(tag ?? '');
  return named === null ? undefined : Number(named[1]);
}
