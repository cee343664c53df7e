/** Rules for tests. */
import fc from 'fast-check';
import { QUEUE_TYPES, type Rule, RULE_TYPES } from './rule.js';
import { parseRule } from './rule-schema.js';

let made = 0;

/** A rule that is valid, or a failure of the test. */
export function ruleOf(given: Partial<Rule>): Rule {
  made += 1;
  const parsed = parseRule({ id: `r${made}`, dnis: '5000', type: 'concurrent', createdBy: 'ann', createdAtMs: made, changedBy: 'ann', changedAtMs: made, ...given });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const text = (max: number, min = 0) => fc.string({ unit: 'grapheme', minLength: min, maxLength: max })
  .filter((each) => !/[\p{Cc}\p{Cs}]/u.test(each) && each.length <= max && each.trim() === each);
const number = fc.oneof(fc.stringMatching(/^\+[1-9]\d{4,14}$/), fc.stringMatching(/^\d{1,10}$/), fc.stringMatching(/^[a-z.*#]{1,8}$/));
const answer = fc.oneof(
  fc.record({ status: fc.constantFrom(486 as const, 603 as const), reason: text(20, 1) }, { requiredKeys: ['status'] }),
  fc.record({ status: fc.constant(503 as const), retryAfterS: fc.integer({ min: 1, max: 86_400 }) }, { requiredKeys: ['status'] }),
  fc.record({ status: fc.constant(302 as const), to: fc.constantFrom('+81312345678', '5000', 'sip:desk@example.com;transport=tcp') }),
);
const schedule = fc.constantFrom(
  { timeZone: 'Asia/Tokyo', start: '2026-12-01T09:00', end: '2026-12-24T18:00:30' },
  { timeZone: 'Europe/Berlin', weekly: [{ days: ['mon', 'tue'] as const, from: '22:00', to: '06:00' }, { days: ['sat'] as const, from: '00:00', to: '24:00' }] },
  { timeZone: 'UTC', end: '2027-01-01T00:00' },
);

/** Rules of every type. */
export const anyRule: fc.Arbitrary<Rule> = fc.record({
  id: fc.stringMatching(/^[\w.-]{1,12}$/), description: text(20), dnis: number, division: text(10), enabled: fc.boolean(), shadow: fc.boolean(),
  type: fc.constantFrom(...RULE_TYPES), limit: fc.integer({ min: 0, max: 1_000_000 }), queues: fc.uniqueArray(text(12, 1), { minLength: 1, maxLength: 5 }),
  combine: fc.constantFrom('sum' as const, 'any' as const), dnisAlso: fc.uniqueArray(number, { minLength: 1, maxLength: 5 }), schedule, answer,
  withoutStore: fc.constantFrom('open' as const, 'closed' as const, 'share' as const),
  createdBy: text(10, 1), createdAtMs: fc.nat(), changedBy: text(10, 1), changedAtMs: fc.nat(),
}, { requiredKeys: ['id', 'description', 'dnis', 'division', 'enabled', 'shadow', 'type', 'limit', 'queues', 'combine', 'dnisAlso', 'answer', 'createdBy', 'createdAtMs', 'changedBy', 'changedAtMs'] })
  .filter(({ dnis, dnisAlso }) => !dnisAlso.includes(dnis))
  .map((given) => ({
    ...given, queues: QUEUE_TYPES.has(given.type) ? given.queues : [], dnisAlso: given.type === 'concurrent-sum' ? given.dnisAlso : [],
  }));
