/** Seeded mutations of good input: flips, cuts, doubled and swapped pieces, numbers at their limits. */

/** A small generator that a seed replays. */
export class FuzzRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 4_294_967_296) * below);
  }
}

const NASTY = ['\r\n', '\r', '\n', '\0', ',', ';', '"', '<', '>', ':', '@', ' ', '\t', '%', '\\', '[', '{', '}', ']', '\xff', '4294967296', '-1', '%00'];

export function mutate(text: string, random: FuzzRandom): string {
  let mutated = text;
  for (let round = random.below(4); round >= 0; round -= 1) mutated = mutateOnce(mutated, random);
  return mutated;
}

function mutateOnce(text: string, random: FuzzRandom): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(60));
  switch (random.below(6)) {
    case 0: return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1: return text.slice(0, at) + text.slice(to);
    case 2: return text.slice(0, to) + text.slice(at);
    case 3: return text.slice(0, at) + (NASTY[random.below(NASTY.length)] as string) + text.slice(at);
    case 4: return text.slice(0, at);
    default: {
      const other = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(other, other + to - at) + text.slice(to);
    }
  }
}
