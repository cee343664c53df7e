/** Call limits as large as they may be: rules of every type, a block list of numbers, prefixes and ranges, and calls that none of them refuses. */
import { type AniEntry, ANI_MAX, ANI_RANGES_MAX, DEFAULT_PLAN, type NumberPlan, parseRule, type Rule, type RuleInput, RULES_MAX } from '#limits';

export const PLAN: NumberPlan = { ...DEFAULT_PLAN, countryCode: '81' };
/** Each queue is in two sets: that of its number and that of the one before. */
const QUEUES = 500;
const PREFIXES = 5_000;
const MADE = { createdBy: 'bench', createdAtMs: 1_767_225_600_000, changedBy: 'bench', changedAtMs: 1_767_225_600_000 };
const ALL_WEEK = {
  timeZone: 'Asia/Tokyo',
  weekly: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, from: '00:00', to: '24:00' }],
};

const digits = (n: number, count: number): string => String(n).padStart(count, '0');
const numberOf = (n: number): string => `+8150${digits(n, 8)}`;
const queueOf = (n: number): string => `VQ_${n % QUEUES}`;

/** As the n-th call writes them, so that both have to become E.164. */
export const dialledBy = (n: number): string => `050${digits((n * 7_919) % RULES_MAX, 8)}`;
export const callerOf = (n: number): string => `080${digits((n * 7_919) % 99_999_989, 8)}`;

/** `agents` and `all-busy` would refuse every call here, where no agent is ready: shadows ask the same. */
const TYPES: readonly ((n: number) => Partial<RuleInput>)[] = [
  () => ({ type: 'concurrent' }),
  (n) => ({ type: 'concurrent-sum', dnisAlso: [numberOf((n + 1) % RULES_MAX), numberOf((n + 2) % RULES_MAX)] }),
  () => ({ type: 'waiting' }),
  () => ({ type: 'interactions', combine: 'any' }),
  () => ({ type: 'waiting-and-interactions' }),
  () => ({ type: 'agents', limit: 0, shadow: true }),
  () => ({ type: 'concurrent', schedule: ALL_WEEK }),
  () => ({ type: 'all-busy', shadow: true }),
];
const OF_QUEUES = new Set(['waiting', 'interactions', 'waiting-and-interactions', 'agents']);

export function manyRules(): Rule[] {
  return Array.from({ length: RULES_MAX }, (_, n) => {
    const special = (TYPES[n % TYPES.length] as (n: number) => Partial<RuleInput>)(n);
    const queues = OF_QUEUES.has(special.type ?? '') ? [queueOf(n), queueOf(n + 1)] : [];
    const parsed = parseRule({ id: `r${n}`, dnis: numberOf(n), limit: 1_000_000, queues, ...special, ...MADE });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return parsed.value;
  });
}

export function* manyAnis(): Generator<AniEntry> {
  const entry = (number: string): AniEntry => ({ number, note: '', addedBy: 'bench', addedAtMs: MADE.createdAtMs });
  for (let n = 0; n < ANI_RANGES_MAX; n += 1) yield entry(`+8160${digits(n, 4)}0000-+8160${digits(n, 4)}9999`);
  for (let n = 0; n < PREFIXES; n += 1) yield entry(`+8170${digits(n, 4)}*`);
  for (let n = 0; n < ANI_MAX - ANI_RANGES_MAX - PREFIXES; n += 1) yield entry(`+8190${digits(n * 97 % 99_999_989, 8)}`);
}
