/** Headers that live inside the cluster only: stripped from whatever crosses its edge, in either direction (PRX-14). */
import type { SipMessage } from '#sip';

export const FLOW_HEADER = 'X-Cordboard-Flow';
export const OTHER_BINDINGS_HEADER = 'X-Cordboard-Other-Bindings';

const PRIVATE = /\nx-(?:cordboard-[^:\s]*|genesys-route)(?=[ \t]*:)/i;
const ALL_PRIVATE = new RegExp(PRIVATE, 'gi');

const NONE: readonly string[] = [];

/** Names of the private headers of a message, as they are spelled there; usually none. */
export function privateHeaders({ bytes }: SipMessage): readonly string[] {
  if (!PRIVATE.test(bytes)) return NONE;
  return [...new Set(Array.from(bytes.matchAll(ALL_PRIVATE), ([match]) => match.slice(1)))];
}
