/** An entry of the ANI block list: one number, all that begin alike, or a range of numbers of one length. */
import { fail, ok, type Result } from '#kernel';
import { ERRORS_MAX, type FieldError } from './field-error.js';
import { type NumberPlan, toE164 } from './numbers.js';

export interface AniEntry {
  /** `+815012345678`, `+8150*` or `+81501000-+81501999`; or a word, as `anonymous`. */
  readonly number: string;
  /** From then on it blocks nothing. Not given: for ever. */
  readonly expiresAtMs?: number;
  readonly note: string;
  readonly addedBy: string;
  readonly addedAtMs: number;
}

export type AniPattern =
  | { readonly kind: 'number' | 'prefix' | 'word'; readonly text: string }
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

export const ANI_MAX = 1_000_000;
/** Ranges among them: a change of one costs the more, the more there are. */
export const ANI_RANGES_MAX = 10_000;
export const NOTE_MAX = 200;

const NUMBER_ERROR = 'must be digits with or without +, 17 at most, such as +81501234567; with * at the end, such as +8150*; '
  + 'a range such as +81501000-+81501999; or a word';

const DIGITS = /^\+?\d{1,17}$/;
const PREFIX = /^(\+?\d{0,17})\*$/;
const RANGE = /^(\+?\d{1,17})-(\+?\d{1,17})$/;
const WORD = /^[A-Za-z][\w.~!%-]{0,63}$/;

/** What an entry's number says; otherwise what to write instead. Numbers of the plan become E.164, so that `0…` and `+81…` are one entry. */
export function parseAni(written: string, plan?: NumberPlan): Result<AniPattern, string> {
  const text = written.trim();
  const number = (digits: string): string => (plan === undefined ? digits : toE164(digits, plan));
  if (DIGITS.test(text)) return ok({ kind: 'number', text: number(text) });
  const prefix = PREFIX.exec(text)?.[1];
  if (prefix !== undefined) return /\d/.test(prefix) ? ok({ kind: 'prefix', text: prefix }) : fail('needs a digit before the *');
  const range = RANGE.exec(text);
  if (range !== null) return rangeOf(number(range[1]!), number(range[2]!));
  if (WORD.test(text)) return ok({ kind: 'word', text });
  return fail(NUMBER_ERROR);
}

function rangeOf(from: string, to: string): Result<AniPattern, string> {
  if (from.length !== to.length || from.startsWith('+') !== to.startsWith('+')) {
    return fail('is a range, and both its numbers must be of the same length, with + or without');
  }
  return from <= to ? ok({ kind: 'range', from, to }) : fail('is a range, and its first number must not be greater than its second');
}

/** The entry's number as it is kept and told. */
export function aniText(pattern: AniPattern): string {
  switch (pattern.kind) {
    case 'range': return `${pattern.from}-${pattern.to}`;
    case 'prefix': return `${pattern.text}*`;
    default: return pattern.text;
  }
}

/** An entry as the API takes it. */
export type AniInput = Pick<AniEntry, 'number' | 'expiresAtMs' | 'note'>;

/** An entry from what somebody typed: `{ number, expires?, note? }`, texts. Mistakes are told by field. */
export function parseAniInput(value: unknown, plan?: NumberPlan): Result<AniInput, FieldError[]> {
  if (typeof value !== 'object' || value === null) return fail([{ field: '', message: 'must be an object with number, and expires and note if you like' }]);
  const { number, expires, note, ...others } = value as Record<string, unknown>;
  const pattern = typeof number === 'string' ? parseAni(number, plan) : fail('must be text, such as +81501234567');
  const expiresAtMs = expires === undefined || expires === '' ? ok(undefined) : momentOf(expires);
  const text = note === undefined ? ok('') : noteOf(note);
  const errors = Object.keys(others).map((field) => ({ field, message: 'is not known here; remove it or check its spelling' }));
  if (!pattern.ok) errors.push({ field: 'number', message: pattern.error });
  if (!expiresAtMs.ok) errors.push({ field: 'expires', message: expiresAtMs.error });
  if (!text.ok) errors.push({ field: 'note', message: text.error });
  if (!pattern.ok || !expiresAtMs.ok || !text.ok || errors.length > 0) return fail(errors.slice(0, ERRORS_MAX));
  return ok({ number: aniText(pattern.value), note: text.value, ...(expiresAtMs.value === undefined ? {} : { expiresAtMs: expiresAtMs.value }) });
}

/** ISO 8601 with a zone: an expiry means one moment wherever it is read. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

function momentOf(value: unknown): Result<number, string> {
  const ms = typeof value === 'string' && MOMENT.test(value.trim()) ? Date.parse(value.trim()) : NaN;
  return Number.isNaN(ms) ? fail('must be a date and time with its zone, such as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+09:00, or empty') : ok(ms);
}

function noteOf(value: unknown): Result<string, string> {
  const good = typeof value === 'string' && value.length <= NOTE_MAX && !/[\p{Cc}\p{Cs}]/u.test(value);
  return good ? ok(value) : fail(`must be a line of text of ${NOTE_MAX} characters at most`);
}
