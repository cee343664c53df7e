/** Reads rules as the API, a CSV file or a backup gives them. Every mistake is told with its field and what to change. */
import { fail, ok, type Result } from '#kernel';
import { z } from 'zod';
import { type FieldError, fieldErrors } from './field-error.js';
import {
  ANSWER_STATUSES, COMBINES, defaultLimit, DNIS_ALSO_MAX, LIMIT_MAX, type Mode, MODES, QUEUE_TYPES, QUEUES_MAX, type Rule, RULE_TYPES, type RuleInput,
  WEEKLY_MAX, WITHOUT_STORE,
} from './rule.js';
import { DAYS, type Schedule, timeOf, wallOf, windowAt } from './schedule.js';
import { isZone } from './zone.js';

const oneOf = <const T extends readonly string[]>(values: T) => z.enum(values, { error: `must be one of: ${values.join(', ')}` });
const flag = z.boolean({ error: 'must be true or false' });
const line = (max: number, least = 0) => {
  const error = `must be a line of text of ${least} to ${max} characters`;
  return z.string({ error }).min(least, error).max(max, error).refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), error);
};

const DNIS_ERROR = 'must be a number such as +81312345678 or 5000, or a name, without spaces, of 1 to 64 characters';
const dnis = z.string({ error: DNIS_ERROR }).regex(/^[^\s<>"@;:,\p{Cc}\p{Cs}]{1,64}$/u, DNIS_ERROR)
  .refine((text) => !text.startsWith('+') || /^\+[1-9]\d{1,14}$/.test(text), 'begins with + and must then be a country code and a number, 15 digits at most');
const queue = line(64, 1).refine((text) => text.trim() === text, 'must not begin or end with a space');

const listOf = (item: z.ZodType<string>, max: number, what: string) => z.array(item, { error: `must be a list of ${what}` })
  .max(max, `has too many ${what}: at most ${max}`)
  .superRefine((items, context) => {
    items.forEach((each, index) => {
      if (items.indexOf(each) < index) context.addIssue({ code: 'custom', path: [index], message: `${each} stands twice; remove one` });
    });
  });

const LIMIT_ERROR = `must be a whole number from 0 to ${LIMIT_MAX}`;
const wholeNumber = (from: number, to: number, error: string) => z.number({ error }).int(error).min(from, error).max(to, error);

const TO_ERROR = 'must be a number such as +81312345678, or a SIP URI such as sip:desk@example.com';
const URI = /^sips?:[^\s<>"\p{Cc}\p{Cs}]{1,250}$/u;
const NUMBER = /^\+?[\d*#]{1,32}$/;

const answer = z.strictObject({
  status: z.literal(ANSWER_STATUSES, { error: `must be one of: ${ANSWER_STATUSES.join(', ')}` }).default(486),
  reason: line(100, 1).optional(),
  retryAfterS: wholeNumber(1, 86_400, 'must be a whole number of seconds from 1 to 86400').optional(),
  to: z.string({ error: TO_ERROR }).refine((text) => URI.test(text) || NUMBER.test(text), TO_ERROR).optional(),
}, { error: 'must be an object with a status' }).superRefine((value, context) => {
  const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (value.status === 302 && value.to === undefined) wrong('to', `is needed with status 302; it ${TO_ERROR}`);
  if (value.status !== 302 && value.to !== undefined) wrong('to', 'is for status 302 alone; remove it or set status to 302');
  if (value.status !== 503 && value.retryAfterS !== undefined) wrong('retryAfterS', 'is for status 503 alone; remove it or set status to 503');
});

const LOCAL_ERROR = 'must be a local date and time such as 2026-12-01T09:00 or 2026-12-01T09:00:30';
const local = z.string({ error: LOCAL_ERROR }).refine((text) => wallOf(text) !== undefined, LOCAL_ERROR);
const TIME_ERROR = 'must be a time of day such as 09:00 or 17:30:15';
const time = z.string({ error: TIME_ERROR }).refine((text) => timeOf(text) !== undefined, TIME_ERROR);

const weekly = z.strictObject({
  days: z.array(oneOf(DAYS), { error: 'must be a list of days' }).min(1, `needs a day at least: ${DAYS.join(', ')}`)
    .max(DAYS.length, 'names more than seven days'),
  from: time.refine((text) => text !== '24:00' && text !== '24:00:00', 'must be before 24:00; midnight at the begin of a day is 00:00'),
  to: time,
}, { error: 'must be an object with days, from and to' })
  .refine(({ from, to }) => timeOf(from) === undefined || timeOf(from) !== timeOf(to), {
    path: ['to'], message: 'is the same as from; write 00:00 to 24:00 for the whole day',
  });

const ZONE_ERROR = 'must be the name of a time zone such as Asia/Tokyo or UTC';

const schedule = z.strictObject({
  timeZone: z.string({ error: ZONE_ERROR }).refine(isZone, ZONE_ERROR),
  start: local.optional(),
  end: local.optional(),
  weekly: z.array(weekly, { error: 'must be a list of windows' }).min(1, 'needs a window at least; leave it out for every day')
    .max(WEEKLY_MAX, `has too many windows: at most ${WEEKLY_MAX}`).optional(),
}, { error: 'must be an object with timeZone, and start, end or weekly' }).superRefine((value, context) => {
  const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (value.start === undefined && value.end === undefined && value.weekly === undefined) {
    wrong('start', 'is needed, or end, or weekly; leave the schedule out for a rule that always holds');
  }
  if (isNever(value)) wrong('end', 'must be after start');
});

/** Where a change of the clock skips all of it, too. What is no date or zone has been told already. */
function isNever({ start, end, timeZone }: Schedule): boolean {
  if (start === undefined || end === undefined || wallOf(start) === undefined || wallOf(end) === undefined || !isZone(timeZone)) return false;
  const { active, untilMs } = windowAt({ timeZone, start, end }, 0);
  return !active && untilMs === Infinity;
}

const fields = {
  description: line(200).default(''),
  dnis,
  division: line(64).default(''),
  enabled: flag.default(true),
  shadow: flag.default(false),
  type: oneOf(RULE_TYPES),
  limit: wholeNumber(0, LIMIT_MAX, LIMIT_ERROR).optional(),
  queues: listOf(queue, QUEUES_MAX, 'queues').default([]),
  combine: oneOf(COMBINES).default('sum'),
  dnisAlso: listOf(dnis, DNIS_ALSO_MAX, 'numbers').default([]),
  schedule: schedule.optional(),
  answer: answer.default({ status: 486 }),
  withoutStore: oneOf(WITHOUT_STORE).optional(),
};

const ID_ERROR = 'must be 1 to 64 letters, digits, dots, dashes or underscores';
const who = line(128, 1);
const TIME_MS_ERROR = 'must be a time in milliseconds since 1970';
const moment = wholeNumber(0, Number.MAX_SAFE_INTEGER, TIME_MS_ERROR);

const made = {
  id: z.string({ error: ID_ERROR }).regex(/^[\w.-]{1,64}$/, ID_ERROR), createdBy: who, createdAtMs: moment, changedBy: who, changedAtMs: moment,
};

const RULE_ERROR = 'must be an object: a rule';
const ruleInput = z.strictObject(fields, { error: RULE_ERROR }).superRefine(checkType).transform(withLimit);
const rule = z.strictObject({ ...made, ...fields }, { error: RULE_ERROR }).superRefine(checkType).transform(withLimit);

/** What is of one type of rule alone. */
function checkType(value: Pick<RuleInput, 'type' | 'queues' | 'dnisAlso' | 'dnis'>, context: z.RefinementCtx): void {
  const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  const ofQueues = QUEUE_TYPES.has(value.type);
  if (ofQueues && value.queues.length === 0) wrong('queues', `needs a queue at least with type ${value.type}`);
  if (!ofQueues && value.queues.length > 0) wrong('queues', `has no meaning with type ${value.type}; remove it or choose a type of queues`);
  if (value.type === 'concurrent-sum' && value.dnisAlso.length === 0) wrong('dnisAlso', 'needs a number at least with type concurrent-sum');
  if (value.type !== 'concurrent-sum' && value.dnisAlso.length > 0) wrong('dnisAlso', 'is for type concurrent-sum alone; remove it or choose that type');
  if (value.dnisAlso.includes(value.dnis)) wrong('dnisAlso', `names the rule's own number ${value.dnis}, which is counted in any case; remove it`);
}

function withLimit<T extends { type: Rule['type']; limit?: number }>(value: T): T & { limit: number } {
  return { ...value, limit: value.limit ?? defaultLimit(value.type) };
}

/** A rule as the API takes it, with what is left out filled in. */
export function parseRuleInput(value: unknown): Result<RuleInput, FieldError[]> {
  const parsed = ruleInput.safeParse(value);
  return parsed.success ? ok(parsed.data) : fail(fieldErrors(parsed.error));
}

/** A rule as it is stored, and stands in a backup. */
export function parseRule(value: unknown): Result<Rule, FieldError[]> {
  const parsed = rule.safeParse(value);
  return parsed.success ? ok(parsed.data) : fail(fieldErrors(parsed.error));
}

export function parseMode(value: unknown): Result<Mode, FieldError[]> {
  const parsed = oneOf(MODES).default('unlimited').safeParse(value ?? undefined);
  return parsed.success ? ok(parsed.data) : fail([{ field: 'mode', message: parsed.error.issues[0]!.message }]);
}

/** JSON Schema of a rule: as the API takes it, or as it tells it. What fields ask of each other stands in docs/specs/limits.md alone. */
export function ruleJsonSchema(as: 'input' | 'stored'): object {
  const { $schema: _, ...schema } = z.toJSONSchema(as === 'input' ? ruleInput : rule, { io: 'input' });
  return schema;
}
