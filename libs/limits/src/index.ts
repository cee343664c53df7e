/** Call limits: rules, schedules, numbers and block lists; what a call is asked and takes at the LimiterStore. No I/O. */
export { type AniImport, importAniCsv, writeAniCsv } from './ani-csv.js';
export {
  ANI_MAX, ANI_RANGES_MAX, type AniEntry, type AniInput, type AniPattern, aniText, NOTE_MAX, parseAni, parseAniInput,
} from './ani-entry.js';
export { AniList, type AniProblem } from './ani-list.js';
export { ANI_SHARDS, aniShardOf } from './ani-shard.js';
export { checksOf, ruleOfCheck } from './checks.js';
export {
  agentSlots, dnisCounter, escapeName, ghostsCounter, readyCounter, talkingCounter, unescapeName, waitingCounter, wayCounter,
} from './counters.js';
export { type LineError } from './csv-text.js';
export { ERRORS_MAX, type FieldError } from './field-error.js';
export { DEFAULT_PLAN, formsOf, type NumberPlan, toE164 } from './numbers.js';
export { OVERLAP_DAYS, overlapOf } from './overlap.js';
export { type FinalAnswer, type Refusal, type RefusalCause } from './refusal.js';
export {
  type Answer, ANSWER_STATUSES, type Combine, COMBINES, DNIS_ALSO_MAX, LIMIT_MAX, type Mode, MODES, QUEUE_TYPES, QUEUES_MAX, RETRY_AFTER_S, type Rule,
  RULE_TYPES, type RuleInput, RULES_MAX, RULES_PER_DNIS_MAX, type RuleType, WEEKLY_MAX, type WithoutStore, WITHOUT_STORE,
} from './rule.js';
export { parseMode, parseRule, parseRuleInput, ruleJsonSchema } from './rule-schema.js';
export { type ImportedRule, readRulesCsv, writeRulesCsv } from './rules-csv.js';
export { conflictsIn, QUEUE_SETS_MAX, type RuleConflict, RuleSet } from './rule-set.js';
export {
  type CallFacts, type Decision, type Outcome, outcomeOf, type Question, RuleTable, type TableChange,
} from './rule-table.js';
export { type Day, DAYS, isActive, type Schedule, ScheduleClock, type WeeklyWindow, type Window, windowAt } from './schedule.js';
export { type CallSlot, formatSlots, isWay, parseSlots, SLOTS_HEADER, wayTake } from './slots.js';
export { later, merge, present, type Stamped, withoutMarkers } from './stamped.js';
