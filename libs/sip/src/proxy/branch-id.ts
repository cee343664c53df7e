/** Branches of a proxy: RFC 3261 §16.11. Made of the request alone, so that a proxy that starts again makes the same one of the same request. */
import type { SipRequest } from '../message/message.js';
import { transactionKey } from '../transaction/key.js';
import { hash } from './hash.js';

/**
 * Give it to `TransactionLayer.request` as `branchId`. An INVITE and its CANCEL have the same one. Clients that choose the same branch are told apart
 * by the rest.
 *
 * @param request as received
 * @param number of the way that it goes: 0 for the first one tried
 */
export function branchId(request: SipRequest, number: number): string {
  const { host, port } = request.topVia;
  return hash(`${transactionKey(request)}\n${host}:${port ?? ''}\n${request.callId}\n${request.from.tag ?? ''}\n${request.cseq.seq}\n${number}`);
}
