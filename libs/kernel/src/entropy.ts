/** Randomness as a port, so that a seed replays a history. */

export interface Entropy {
  /** An integer in [0, 2^32). */
  uint32(): number;
  /** `count` lower-case hexadecimal digits. */
  hex(count: number): string;
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}
