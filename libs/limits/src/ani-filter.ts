/** Codes that may be in a block list, as bits: a number that nobody blocked, which most are, costs one look at memory. */
import { ANI_SHARDS } from './ani-shard.js';

/** 2 MB for all; of a million codes six in a hundred numbers are looked up in vain. */
const BITS = 16_384;
const WORDS = BITS / 32;

export class AniFilter {
  #words: Uint32Array | undefined;

  add(shard: number, code: number): void {
    this.#words ??= new Uint32Array(ANI_SHARDS * WORDS);
    const bit = bitOf(code);
    this.#words[wordAt(shard, bit)]! |= 1 << (bit & 31);
  }

  /** False: it was not added since the shard was cleared. */
  mayHave(shard: number, code: number): boolean {
    if (this.#words === undefined) return false;
    const bit = bitOf(code);
    return (this.#words[wordAt(shard, bit)]! & (1 << (bit & 31))) !== 0;
  }

  clear(shard: number): void {
    this.#words?.fill(0, shard * WORDS, (shard + 1) * WORDS);
  }
}

/** Another mix of the code than its shard. */
function bitOf(code: number): number {
  const mixed = Math.imul((code >>> 0) ^ Math.imul((code / 2 ** 32) >>> 0, 0x27d4eb2f), 0x165667b1);
  return (mixed ^ (mixed >>> 15)) & (BITS - 1);
}

const wordAt = (shard: number, bit: number): number => shard * WORDS + (bit >>> 5);
