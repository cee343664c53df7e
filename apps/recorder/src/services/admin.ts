/** Operators' commands of a recorder. The console's history pages ask them too. */
import { LIMIT_MAX } from '#store';
import type { AdminCommands } from '#tier';
import type { HistoryQueries, Rows } from './history-queries.js';
import type { Asked } from './rows.js';

const LISTS = ['calls', 'cdrs', 'agents', 'states', 'queues', 'resources', 'verdicts'] as const satisfies readonly (keyof HistoryQueries)[];
/** An answer travels over the bus in one message. */
const ROWS_MAX = 500;

export function historyCommands(queries: HistoryQueries, nowMs: () => number): AdminCommands {
  return Object.fromEntries(LISTS.map((list) => [`history ${list}`, (args): Promise<Rows> => queries[list](askedOf(args, nowMs()))]));
}

/** @throws Error naming the argument; the others are checked by the store */
function askedOf(args: Readonly<Record<string, unknown>>, nowMs: number): Asked {
  const number = (name: string, otherwise: number): number => {
    const value = args[name] ?? otherwise;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Error(`${name} ${String(value)}: must be a whole number`);
    return value;
  };
  const words = Object.fromEntries((['dn', 'agent', 'connID', 'ani', 'rule', 'verdict', 'division', 'after'] as const).flatMap((name) => {
    const value = args[name];
    if (value === undefined) return [];
    if (typeof value !== 'string' || value === '') throw new Error(`${name}: must be a text`);
    return [[name, value]];
  }));
  const toMs = number('toMs', Math.floor(nowMs) + 1);
  return { fromMs: number('fromMs', Math.max(0, toMs - DAY_MS)), toMs, limit: Math.min(number('limit', 100), ROWS_MAX, LIMIT_MAX), ...words };
}

const DAY_MS = 86_400_000;
