/** What a rule's figure is now: the same counters that a verdict asks. */
import { checksOf, ghostsCounter, type Rule, wayCounter } from '#limits';
import type { LimiterStore } from '#store';

export interface RuleUsage {
  readonly id: string;
  readonly dnis: string;
  readonly type: Rule['type'];
  readonly limit: number;
  /** Calls, or agents; with `any` those of the queue that has most (agents: fewest). Absent where nothing is counted. */
  readonly used?: number;
  /** A call would be refused now, were the rule in force. */
  readonly full: boolean;
  readonly active: boolean;
  readonly shadow: boolean;
  /** Live calls that the shadow would have refused. They are in `used`, too. */
  readonly wouldRefuse?: number;
}

/** Asked of the store at a time. */
const COUNTERS_A_TIME = 500;

export async function usageOf(
  rules: readonly Rule[], all: Iterable<Rule>, store: Pick<LimiterStore, 'usage'>, isActive: (rule: Rule) => boolean,
): Promise<RuleUsage[]> {
  const waysOf = queueWays(all);
  const asked = rules.map((rule) => ({ rule, checks: checksOf(rule, waysOf(rule)) }));
  const names = asked.flatMap(({ rule, checks }) => [
    ...checks.flatMap(({ counters, way }) => [...counters, ...way]), ...(rule.shadow ? [ghostsCounter(rule.id)] : []),
  ]);
  const counted = await countersOf([...new Set(names)], store);
  const sum = (counters: readonly string[]): number => counters.reduce((total, counter) => total + (counted.get(counter) ?? 0), 0);
  return asked.map(({ rule, checks }) => {
    const figures = checks.flatMap(({ counters, way, combine }) =>
      (combine === 'any' ? counters.map((each) => sum([each, ...way])) : [sum([...counters, ...way])]));
    const used = rule.type === 'agents' ? Math.min(...figures) : Math.max(...figures);
    const { id, dnis, type, limit, shadow } = rule;
    return {
      id, dnis, type, limit, ...(figures.length === 0 ? {} : { used }), full: isFull(rule, figures), active: isActive(rule), shadow,
      ...(shadow ? { wouldRefuse: sum([ghostsCounter(id)]) } : {}),
    };
  });
}

function isFull({ type, limit }: Rule, figures: readonly number[]): boolean {
  if (type === 'all-busy') return true;
  return figures.some((figure) => (type === 'agents' ? figure <= limit : figure >= limit));
}

/** Ways of all sets of queues that share one with the rule. */
function queueWays(rules: Iterable<Rule>): (rule: Rule) => readonly string[] {
  const ways = new Map<string, Set<string>>();
  for (const { queues } of rules) {
    if (queues.length === 0) continue;
    const way = wayCounter(queues);
    for (const queue of queues) ways.set(queue, (ways.get(queue) ?? new Set()).add(way));
  }
  return ({ queues }) => [...new Set(queues.flatMap((queue) => [...ways.get(queue) ?? []]))];
}

async function countersOf(names: readonly string[], store: Pick<LimiterStore, 'usage'>): Promise<ReadonlyMap<string, number>> {
  const counted = new Map<string, number>();
  for (let from = 0; from < names.length; from += COUNTERS_A_TIME) {
    const some = names.slice(from, from + COUNTERS_A_TIME);
    (await store.usage(some)).forEach((count, index) => counted.set(some[index]!, count));
  }
  return counted;
}
