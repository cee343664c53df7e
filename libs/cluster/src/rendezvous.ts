/** Rendezvous hashing: everybody who sees the same candidates picks the same one, and few keys move when one comes or goes. */

/** The candidate for `key`; of an empty list, none. The order of the list does not matter. */
export function rendezvous(key: string, candidates: readonly string[]): string | undefined {
  if (candidates.length < 2) return candidates[0];
  let best: string | undefined;
  let bestWeight = -1;
  for (const candidate of candidates) {
    const weight = hash(candidate, key);
    if (weight > bestWeight || (weight === bestWeight && candidate > (best as string))) {
      best = candidate;
      bestWeight = weight;
    }
  }
  return best;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over both names, then a finaliser, since FNV alone spreads the last characters badly. */
function hash(candidate: string, key: string): number {
  let value = mix(FNV_OFFSET, candidate);
  value = Math.imul(value ^ 0, FNV_PRIME);
  value = mix(value, key);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function mix(seed: number, text: string): number {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), FNV_PRIME);
  return value;
}
