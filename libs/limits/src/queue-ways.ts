/** Which sets of queues share a queue. A rule of one queue counts the calls on the way to every set with it. */
import { wayCounter } from './counters.js';
import type { Rule } from './rule.js';

const NONE: ReadonlyMap<string, number> = new Map();

export class QueueWays {
  /** @param sets queue to the ways of its sets, and how many rules have each */
  constructor(private readonly sets = new Map<string, Map<string, number>>()) {}

  /** Counts a rule in (1) or out (-1). */
  count(rule: Rule, by: 1 | -1): void {
    const way = wayCounter(rule.queues);
    for (const queue of rule.queues) {
      const ways = this.sets.get(queue) ?? new Map<string, number>();
      const rules = (ways.get(way) ?? 0) + by;
      if (rules > 0) ways.set(way, rules); else ways.delete(way);
      if (ways.size > 0) this.sets.set(queue, ways); else this.sets.delete(queue);
    }
  }

  /** A copy in which rules of these queues may be counted; the rest is shared. */
  copyFor(queues: Iterable<string>): QueueWays {
    const sets = new Map(this.sets);
    for (const queue of queues) {
      const ways = sets.get(queue);
      if (ways !== undefined) sets.set(queue, new Map(ways));
    }
    return new QueueWays(sets);
  }

  /** Ways of the sets with this queue, and how many rules have each. */
  with(queue: string): ReadonlyMap<string, number> {
    return this.sets.get(queue) ?? NONE;
  }

  /** Ways of all sets with one of these queues. */
  of(queues: readonly string[]): readonly string[] {
    return [...new Set(queues.flatMap((queue) => [...this.with(queue).keys()]))];
  }
}
