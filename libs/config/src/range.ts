/** Ranges of numbers and logins: `7001-7050`, `agent7001-agent7050`. */

const RANGE = /^([^\d-]*)(\d{1,15})-([^\d-]*)(\d{1,15})$/;
/** A longer range is a slip of the pen. */
const RANGE_MAX = 1_000_000;

/** The members of a range, or the text itself when it is none; undefined when the range is upside down or too long. */
export function expandRange(text: string): string[] | undefined {
  const match = RANGE.exec(text);
  if (match === null) return [text];
  const [, prefix, first, secondPrefix, last] = match as unknown as [string, string, string, string, string];
  if (secondPrefix !== '' && secondPrefix !== prefix) return [text];
  const from = Number(first);
  const to = Number(last);
  if (to < from || to - from >= RANGE_MAX) return undefined;
  return Array.from({ length: to - from + 1 }, (_, i) => prefix + String(from + i).padStart(first.length, '0'));
}
