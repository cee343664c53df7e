/**
 * Loops and spirals: RFC 5393 §4.2. The branch of a proxy carries a hash of what decides where a request goes; a request that
 * comes back with the same hash would go round for ever, one with another hash is a spiral and welcome.
 */
import type { SipRequest } from '../message/message.js';
import { hash } from './hash.js';

/** Give it to `TransactionLayer.request` as `loopHash`. Over the request as received, before the proxy changes it. */
export function loopHash(request: SipRequest): string {
  const routes = request.headers('Route').join();
  const proxyRequire = request.header('Proxy-Require') ?? '';
  const text = `${request.uri}\n${request.from.tag ?? ''}\n${request.to.tag ?? ''}\n${request.cseq.seq}\n${request.callId}\n${routes}\n${proxyRequire}`;
  return hash(text);
}

/** True when a Via of ours in the request bears the hash that the request has again. */
export function hasLooped(
  request: SipRequest, isOurSentBy: (host: string, port: number | undefined) => boolean,
): boolean {
  let own: string | undefined;
  for (const { host, port, branch } of request.vias) {
    if (branch === undefined || !isOurSentBy(host, port)) continue;
    own ??= loopHash(request);
    if (branch.endsWith(`.${own}`)) return true;
  }
  return false;
}
