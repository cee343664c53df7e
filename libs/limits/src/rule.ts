/** A rule of the call limits: its types and bounds (docs/specs/limits.md, "What a rule says"). Read by rule-schema.ts. */
import type { Schedule } from './schedule.js';

export const RULE_TYPES = ['all-busy', 'concurrent', 'concurrent-sum', 'waiting', 'interactions', 'waiting-and-interactions', 'agents'] as const;
export type RuleType = (typeof RULE_TYPES)[number];

/** Types whose figures are those of queues. */
export const QUEUE_TYPES: ReadonlySet<RuleType> = new Set<RuleType>(['waiting', 'interactions', 'waiting-and-interactions', 'agents']);

/** No setting is `unlimited`. */
export const MODES = ['unlimited', 'all-busy', 'dnis'] as const;
export type Mode = (typeof MODES)[number];

/** `sum`: the queues' figures together; `any`: one queue alone refuses. */
export const COMBINES = ['sum', 'any'] as const;
export type Combine = (typeof COMBINES)[number];

/** What a call gets while the store is away, if a rule does not leave that to the option `limiter-without-store`; the mildest first. */
export const WITHOUT_STORE = ['open', 'share', 'closed'] as const;
export type WithoutStore = (typeof WITHOUT_STORE)[number];

export const ANSWER_STATUSES = [486, 503, 603, 302] as const;

/** The final response of a refused call. */
export interface Answer {
  readonly status: (typeof ANSWER_STATUSES)[number];
  /** Reason phrase; not given: that of what refused. */
  readonly reason?: string;
  /** 503 only: Retry-After in seconds. */
  readonly retryAfterS?: number;
  /** 302 only: a number, or a SIP URI. */
  readonly to?: string;
}

/** A rule as the API takes it. */
export interface RuleInput {
  readonly description: string;
  /** Number or name: the user of the Request-URI. With `+` it is compared as E.164. */
  readonly dnis: string;
  readonly division: string;
  readonly enabled: boolean;
  /** Counts and tells, and lets in. */
  readonly shadow: boolean;
  readonly type: RuleType;
  readonly limit: number;
  readonly queues: readonly string[];
  readonly combine: Combine;
  /** `concurrent-sum` only: numbers that are counted, and not refused. */
  readonly dnisAlso: readonly string[];
  readonly schedule?: Schedule;
  readonly answer: Answer;
  readonly withoutStore?: WithoutStore;
}

export interface Rule extends RuleInput {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly changedBy: string;
  readonly changedAtMs: number;
}

export const RULES_MAX = 10_000;
/** Rules of one DNIS: each is compared with each when one changes. */
export const RULES_PER_DNIS_MAX = 50;
export const QUEUES_MAX = 100;
export const DNIS_ALSO_MAX = 100;
export const LIMIT_MAX = 1_000_000;
export const WEEKLY_MAX = 50;
export const RETRY_AFTER_S = 10;

/** A limit that is not given. */
export const defaultLimit = (type: RuleType): number => (type === 'agents' ? 0 : 1);
