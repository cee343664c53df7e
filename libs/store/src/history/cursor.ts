/** What every driver does alike with a query before it asks its server. */
import { HistoryQueryError, type HistoryQuery, LIMIT_MAX, RANGE_MS_MAX } from './port.js';
import type { HistoryRecord } from './records.js';

/** Where a page ended: what follows is earlier, or as early with a smaller key. */
export interface Cursor {
  readonly atMs: number;
  readonly key: string;
}

export const cursorOf = ({ atMs, key }: HistoryRecord): string => `${atMs}.${key}`;

/** @throws HistoryQueryError when the text is not a `next` of a page */
export function parseCursor(after: string): Cursor {
  const [, atMs, key] = /^(\d{1,16})\.(.{1,200})$/.exec(after) ?? [];
  if (atMs === undefined || key === undefined) throw new HistoryQueryError(`after "${after}": give what the page before said as next`);
  return { atMs: Number(atMs), key };
}

/** @throws HistoryQueryError naming the parameter */
export function checkQuery({ fromMs, toMs, limit, dn, agent, connID, terms = [], after }: HistoryQuery): void {
  if (!isTime(fromMs)) throw new HistoryQueryError(`from ${fromMs}: must be milliseconds since 1970`);
  if (!isTime(toMs)) throw new HistoryQueryError(`to ${toMs}: must be milliseconds since 1970`);
  if (toMs < fromMs) throw new HistoryQueryError('to: must not be before from');
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) throw new HistoryQueryError(`limit ${limit}: must be a whole number from 1 to ${LIMIT_MAX}`);
  if (after !== undefined) parseCursor(after);
  if (terms.length > TERMS_MAX) throw new HistoryQueryError(`terms: at most ${TERMS_MAX}`);
  if (dn === undefined && agent === undefined && connID === undefined && terms.length === 0 && toMs - fromMs > RANGE_MS_MAX) {
    throw new HistoryQueryError(`from: without dn, agent or connid at most ${RANGE_MS_MAX / 86_400_000} days before to`);
  }
}

/** Of one query. */
const TERMS_MAX = 10;

const isTime = (ms: number): boolean => Number.isSafeInteger(ms) && ms >= 0;
