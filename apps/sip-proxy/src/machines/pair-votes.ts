/**
 * The proxy's word on who is primary of a pair when the pair has nobody else to ask: it stands by a term (`vouch`), or will never do so again
 * (`letGo`). One word at a time: whoever heard the first may act on it for a second (docs/specs/pairs.md). Pure.
 */
import { PAIR } from '#cluster';

interface Word {
  vouchedMs: number;
  letGo: number;
}

export interface PairQuestion {
  readonly node: string;
  readonly kind: 'vouch' | 'letGo';
  readonly epoch: number;
}

const QUESTION = /^([\w.-]{1,64});question=(vouch|letGo);epoch=(\d{1,16})$/;

/** What the header of such an OPTIONS asks; undefined when it is none of ours. */
export function pairQuestion(header: string): PairQuestion | undefined {
  const match = QUESTION.exec(header.trim());
  return match === null ? undefined : { node: match[1] as string, kind: match[2] as PairQuestion['kind'], epoch: Number(match[3]) };
}

export class PairVotes {
  readonly #words = new Map<string, Word>();

  /**
   * @param hosts addresses of the halves of each pair; nobody else is answered, so that there are as many words as pairs
   * @param startMs what this proxy said before it started is unknown
   */
  constructor(private readonly hosts: ReadonlyMap<string, readonly string[]>, private readonly startMs: number) {}

  answer({ node, kind, epoch }: PairQuestion, from: string, nowMs: number): boolean {
    if (this.hosts.get(node)?.includes(from) !== true) return false;
    let word = this.#words.get(node);
    if (word === undefined) this.#words.set(node, word = { vouchedMs: this.startMs, letGo: 0 });
    if (kind === 'vouch') {
      if (epoch <= word.letGo) return false;
      word.vouchedMs = nowMs;
      return true;
    }
    if (nowMs - word.vouchedMs < PAIR.PROMISE_MS) return false;
    word.letGo = Math.max(word.letGo, epoch);
    return true;
  }
}
