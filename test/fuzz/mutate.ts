/** Seeded mutations of good input: flips, cuts, doubled and swapped pieces and lines, numbers at their limits, parts of other input. */

/** A small generator that a seed and a number replay. */
export class FuzzRandom {
  #state: number;

  /** @param input number of the input under that seed: each input is made without those before it */
  constructor(seed: number, input = 0) {
    this.#state = scrambled(Math.imul(seed, 0x9e3779b1) ^ scrambled(input + 1));
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 4_294_967_296) * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

/** Neighbouring numbers lead to states far apart. */
function scrambled(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const NASTY = [
  '\r\n', '\r', '\n', '\0', ',', ';', '"', '<', '>', ':', '@', ' ', '\t', '%', '\\', '[', '{', '}', ']', '\xff',
  '\xc3\xa0', '%00', '\r\n ', '*', '?', '=', 'null',
];
const NUMBERS = ['0', '-1', '255', '256', '65535', '65536', '2147483648', '4294967296', '1e9', '99999999999999999999', ''];

/** Up to four mutations of one seed. */
export function mutate(seeds: readonly string[], random: FuzzRandom): string {
  let mutated = random.pick(seeds);
  for (let round = random.below(4); round >= 0; round -= 1) mutated = mutateOnce(mutated, seeds, random);
  return mutated;
}

function mutateOnce(text: string, seeds: readonly string[], random: FuzzRandom): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(60));
  switch (random.below(10)) {
    case 0: return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1: return text.slice(0, at) + text.slice(to);
    case 2: return text.slice(0, to) + text.slice(at);
    case 3: return text.slice(0, at) + random.pick(NASTY) + text.slice(at);
    case 4: return text.slice(0, at);
    case 5: return withNumber(text, at, random);
    case 6: return withLine(text, random);
    case 7: {
      const other = random.pick(seeds);
      const from = random.below(other.length + 1);
      return text.slice(0, at) + other.slice(from, from + random.below(120)) + text.slice(to);
    }
    case 8: return text.slice(0, at) + text.slice(at, to).repeat(1 + random.below(20)) + text.slice(to);
    default: {
      const other = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(other, other + to - at) + text.slice(to);
    }
  }
}

/** Another number in the place of the next one. */
function withNumber(text: string, at: number, random: FuzzRandom): string {
  let from = at;
  while (from < text.length && !isDigit(text, from)) from += 1;
  let to = from;
  while (to < text.length && isDigit(text, to)) to += 1;
  return text.slice(0, from) + random.pick(NUMBERS) + text.slice(to);
}

/** A line doubled, taken out, or put elsewhere. */
function withLine(text: string, random: FuzzRandom): string {
  const lines = text.split('\n');
  const [line] = lines.splice(random.below(lines.length), 1);
  const times = random.below(3);
  for (let i = 0; i < times; i += 1) lines.splice(random.below(lines.length + 1), 0, line as string);
  return lines.join('\n');
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
