/** Our Record-Route: the sealed flow to the outside end, at the name by which that end knows us (docs/specs/sip-routing.md). */
import type { Flow, Target } from '#sip';
import type { AccessName } from './access-names.js';
import type { FlowSeal } from './flow-seal.js';

export function recordRouteOf(seal: FlowSeal, outside: Target | Flow, name: AccessName): string {
  const { transport, host, port } = outside;
  // Without the parameter the far end would come by UDP (RFC 3263 §4.1).
  const way = transport === 'udp' ? '' : `;transport=${transport}`;
  return `<sip:${seal.seal(transport, host, port)}@${name.inUri}${way};lr>`;
}
