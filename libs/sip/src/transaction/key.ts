/** How a request finds its server transaction: RFC 3261 §17.2.3. */
import type { Via } from '../headers/via.js';
import type { SipRequest } from '../message/message.js';

const MAGIC_COOKIE = 'z9hG4bK';

export function isMagicBranch(branch: string | undefined): branch is string {
  return branch !== undefined && branch.length > MAGIC_COOKIE.length
    && branch.slice(0, MAGIC_COOKIE.length).toLowerCase() === MAGIC_COOKIE.toLowerCase();
}

/**
 * What requests of one transaction have in common; sent-by and method are compared by the table.
 * Without the magic cookie (RFC 2543 peers) it is made of the fields of §17.2.3, second list. The To tag is left out: an
 * ACK has the response's and a CANCEL has none, and nothing tells two transactions apart by it alone.
 */
export function transactionKey(request: SipRequest): string {
  const { branch } = request.topVia;
  if (isMagicBranch(branch)) return branch;
  const { host, port } = request.topVia;
  return [
    'rfc2543', request.callId, request.cseq.seq, request.from.tag ?? '', request.uri, host.toLowerCase(), port ?? '',
    branch ?? '',
  ].join(' ');
}

export type SentBy = Pick<Via, 'host' | 'port'>;

/** Same top Via sent-by (§17.2.3 rule 2: different clients may choose the same branch). */
export function isSameSender(one: SentBy, other: SentBy): boolean {
  return one.port === other.port && (one.host === other.host || one.host.toLowerCase() === other.host.toLowerCase());
}
