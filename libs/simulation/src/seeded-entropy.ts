/** Randomness from a seed: the same seed draws the same history. */
import type { Entropy } from '#kernel';

/** sfc32: small, fast, and good enough for everything but secrets. */
export class SeededEntropy implements Entropy {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(readonly seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.#c = 0x9e3779b9;
    for (let i = 0; i < 12; i += 1) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  hex(count: number): string {
    let digits = '';
    while (digits.length < count) digits += this.uint32().toString(16).padStart(8, '0');
    return digits.slice(0, count);
  }

  bytes(count: number): Uint8Array {
    const drawn = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) drawn[i] = this.uint32() & 0xff;
    return drawn;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.between(0, from.length - 1)] as T;
  }

  /** A stream of its own for `name`: what others draw does not change it. */
  fork(name: string): SeededEntropy {
    let seed = this.seed >>> 0;
    for (let i = 0; i < name.length; i += 1) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193) >>> 0;
    return new SeededEntropy(seed);
  }
}
