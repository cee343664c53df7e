/** What a rule asks the LimiterStore (docs/specs/limits.md, "Slots"). */
import type { LimiterCheck } from '#store';
import { dnisCounter, ghostsCounter, readyCounter, talkingCounter, waitingCounter } from './counters.js';
import type { Rule } from './rule.js';

/** Id of the rule that a check is of. Its name is that id, or the id and `/` and a number where the rule asks several. */
export const ruleOfCheck = (name: string): string => name.split('/', 1)[0]!;

/** The rule's checks. `way`: the ways of all sets of queues that share a queue with it. None for `all-busy`, which counts nothing. */
export function checksOf(rule: Rule, way: readonly string[]): readonly LimiterCheck[] {
  const base = {
    name: rule.id, combine: rule.combine, refuse: 'at-least' as const, limit: rule.limit, way: [], shadow: rule.shadow,
    ...(rule.shadow ? { ghosts: ghostsCounter(rule.id) } : {}),
  };
  switch (rule.type) {
    case 'all-busy': return [];
    case 'concurrent': return [{ ...base, combine: 'sum', counters: [dnisCounter(rule.dnis)] }];
    case 'concurrent-sum': return [{ ...base, combine: 'sum', counters: [rule.dnis, ...rule.dnisAlso].map(dnisCounter) }];
    case 'waiting': return [{ ...base, counters: rule.queues.map(waitingCounter), way }];
    case 'interactions': return [{ ...base, counters: rule.queues.map(talkingCounter) }];
    case 'agents': return [{ ...base, counters: rule.queues.map(readyCounter), refuse: 'at-most' }];
    case 'waiting-and-interactions': return bothChecks(rule, { ...base, way });
  }
}

/** `any` means one queue with both its figures, so each queue is a check of its own. */
function bothChecks(rule: Rule, base: Omit<LimiterCheck, 'counters'>): readonly LimiterCheck[] {
  const both = (queue: string): string[] => [waitingCounter(queue), talkingCounter(queue)];
  if (rule.combine === 'sum' || rule.queues.length === 1) return [{ ...base, combine: 'sum', counters: rule.queues.flatMap(both) }];
  return rule.queues.map((queue, index) => ({ ...base, name: `${rule.id}/${index}`, combine: 'sum', counters: both(queue) }));
}
