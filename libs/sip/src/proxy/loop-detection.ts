/**
 * Loops and spirals: RFC 5393 §4.2. The branch of a proxy carries a hash of what decides where a request goes; a request that
 * comes back with the same hash would go round for ever, one with another hash is a spiral and welcome.
 */
import type { SipRequest } from '../message/message.js';

const HASH_DIGITS = 16;

/** Give it to `TransactionLayer.request` as `loopHash`. Over the request as received, before the proxy changes it. */
export function loopHash(request: SipRequest): string {
  const routes = request.headers('Route').join();
  const proxyRequire = request.header('Proxy-Require') ?? '';
  const text = `${request.uri}\n${request.from.tag ?? ''}\n${request.to.tag ?? ''}\n${request.cseq.seq}\n${request.callId}\n${routes}\n${proxyRequire}`;
  return hash(text, 0x811c9dc5) + hash(text, 0x2f0b4c47);
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

/** FNV-1a, 32 bits. An accident, not an attacker, is what it must tell apart: only our own Via headers are compared. */
function hash(text: string, seed: number): string {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(HASH_DIGITS / 2, '0');
}
