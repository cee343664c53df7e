/** FNV-1a, 64 bits as 16 digits: what must be told apart are accidents, not attackers. */
const HALF_DIGITS = 8;

export function hash(text: string): string {
  return half(text, 0x811c9dc5) + half(text, 0x2f0b4c47);
}

function half(text: string, seed: number): string {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(HALF_DIGITS, '0');
}
