/** A rule as the API tells it, and reads it. */
import { isActive, parseRuleInput, type Rule, type RuleInput } from '#limits';
import { Refused, type VersionedRule } from '#limits-store';
import type { Principal } from '../access.js';

export interface RuleView extends Rule {
  /** For If-Match. */
  readonly version: string;
  /** Whether it is enabled and in its schedule now. */
  readonly active: boolean;
}

export const isInForce = ({ enabled, schedule }: Rule, nowMs: number): boolean => enabled && (schedule === undefined || isActive(schedule, nowMs));

export const viewOf = ({ rule, version }: VersionedRule, nowMs: number): RuleView => ({ ...rule, version, active: isInForce(rule, nowMs) });

/** What a rule is told with, and no input. */
const TOLD = ['id', 'createdBy', 'createdAtMs', 'changedBy', 'changedAtMs', 'version', 'active'];

/** A rule that was read may be sent back as it is. @throws Refused */
export function inputOf(body: unknown, who: Principal): RuleInput {
  const parsed = parseRuleInput(isObject(body) ? withDivision(withoutTold(body), who) : body);
  if (parsed.ok) return parsed.value;
  throw new Refused('invalid', parsed.error);
}

/** JSON merge patch (RFC 7396) of the fields of a rule: null is what is left out. @throws Refused */
export function patched(rule: Rule, patch: unknown, who: Principal): RuleInput {
  if (!isObject(patch)) throw new Refused('invalid', [{ field: '', message: 'must be an object with the fields that change' }]);
  return inputOf(merged({ ...rule }, withoutTold(patch)), who);
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const withoutTold = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => !TOLD.includes(name)));

/** Who has one division means that one. */
const withDivision = (fields: Fields, { divisions }: Principal): Fields =>
  (divisions?.length === 1 && fields['division'] === undefined ? { ...fields, division: divisions[0] } : fields);

function merged(base: Fields, patch: Fields): Fields {
  const out: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete out[name];
    else out[name] = isObject(value) ? merged(isObject(out[name]) ? out[name] : {}, value) : value;
  }
  return out;
}
