/** The figure that a rule compares with its limit, for operators: of what each of its counters has now. */
import type { LimiterCheck } from '#store';

/** The greatest of its checks, as each of them alone refuses. Calls that only a shadow would have refused are in it. */
export function figureOf(checks: readonly LimiterCheck[], usage: ReadonlyMap<string, number>): number {
  const sizes = (counters: readonly string[]): number[] => counters.map((counter) => usage.get(counter) ?? 0);
  const sum = (figures: readonly number[]): number => figures.reduce((all, figure) => all + figure, 0);
  return Math.max(0, ...checks.map(({ counters, way, combine, refuse }) => {
    const figures = sizes(counters);
    if (combine === 'sum') return sum(figures) + sum(sizes(way));
    return (refuse === 'at-least' ? Math.max(...figures) : Math.min(...figures)) + sum(sizes(way));
  }));
}

export const countersOf = (checks: readonly LimiterCheck[]): readonly string[] => checks.flatMap(({ counters, way }) => [...counters, ...way]);
