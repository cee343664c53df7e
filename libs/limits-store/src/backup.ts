/** Everything as one document, and back: a restore is checked whole, staged beside what is in force, and then takes over with one key. */
import {
  type AniEntry, ANI_SHARDS, AniList, aniShardOf, ERRORS_MAX, type FieldError, type Mode, parseAni, parseMode, parseRule, type Rule, RULES_MAX,
  RuleSet,
} from '#limits';
import type { ChangeSession } from './change-session.js';
import { Refused } from './refused.js';
import type { LimitsRepository } from './repository.js';
import { type AniLine, type Generation, GENERATION_KEY, linesOf, setKey, type StoredPart } from './stored.js';

export const BACKUP_KIND = 'cordboard-limits';
export const BACKUP_VERSION = 1;

export interface Backup {
  readonly mode: Mode;
  readonly rules: readonly Rule[];
  readonly ani: readonly AniEntry[];
}

/** Rules of one key of a set, by the size of their text. */
const PART_BYTES = 400_000;

/** The document, a piece at a time: with a million entries it is a hundred megabytes. What is changed while it is written may stand in it or not. */
export function* writeBackup(repository: LimitsRepository, nowMs: number): Generator<string> {
  const { state } = repository;
  yield `{"kind":"${BACKUP_KIND}","version":${BACKUP_VERSION},"madeAtMs":${Math.floor(nowMs)},"mode":"${state.table.mode}",\n"rules":[`;
  yield* joined([...state.rules()]);
  yield '],\n"ani":[';
  yield* joined(blockedAnis(repository));
  yield ']}\n';
}

/** What is in the document, or everything that is wrong with it, the first 1,000. */
export function readBackup(document: unknown, nowMs: number): Backup {
  const { kind, version, mode, rules, ani } = (document ?? {}) as Record<string, unknown>;
  if (kind !== BACKUP_KIND) throw new Refused('invalid', [{ field: 'kind', message: `must be "${BACKUP_KIND}": give a document that a backup made` }]);
  if (version !== BACKUP_VERSION) throw new Refused('invalid', [{ field: 'version', message: `must be ${BACKUP_VERSION}; this backup is of another version` }]);
  const errors: FieldError[] = [];
  const parsedMode = parseMode(mode);
  if (!parsedMode.ok) errors.push(...parsedMode.error);
  const backup = { mode: parsedMode.ok ? parsedMode.value : 'unlimited' as const, rules: readRules(rules, nowMs, errors), ani: readAni(ani, errors) };
  if (errors.length > 0) throw new Refused('invalid', errors.slice(0, ERRORS_MAX));
  return backup;
}

/** Writes the set, then the key that puts it in force. What was staged by a restore that failed is removed. */
export async function restoreBackup(session: ChangeSession, repository: LimitsRepository, { mode, rules, ani }: Backup): Promise<void> {
  const { state } = repository;
  const before = { mode: state.table.mode, rules: state.table.size, ani: state.ani.size };
  const after = { mode, rules: rules.length, ani: ani.length };
  await session.audited({ what: 'restore', action: 'restore', before, after }, async (epoch) => {
    const parts = partsOf(epoch, rules, ani);
    await session.writeAll(new Map([...parts].map(([part, value]) => [setKey(epoch, part), value])));
    await session.write(GENERATION_KEY, { epoch, mode, parts: parts.size } satisfies Generation);
  });
}

/** All entries, each shard as it is at one moment. */
export function* blockedAnis({ state }: LimitsRepository): Generator<AniEntry> {
  for (let shard = 0; shard < ANI_SHARDS; shard += 1) yield* [...state.ani.entriesOf(shard)];
}

function* joined(values: Iterable<object>): Generator<string> {
  let separator = '\n';
  for (const value of values) {
    yield `${separator}${JSON.stringify(value)}`;
    separator = ',\n';
  }
}

function readRules(values: unknown, nowMs: number, errors: FieldError[]): Rule[] {
  if (!Array.isArray(values)) {
    errors.push({ field: 'rules', message: 'must be a list of rules' });
    return [];
  }
  if (values.length > RULES_MAX) {
    errors.push({ field: 'rules', message: `has ${values.length} rules; at most ${RULES_MAX}` });
    return [];
  }
  const set = new RuleSet();
  const rules: Rule[] = [];
  values.forEach((value, index) => {
    if (errors.length >= ERRORS_MAX) return;
    const wrong = (field: string, message: string) => errors.push({ field: field === '' ? `rules.${index}` : `rules.${index}.${field}`, message });
    const parsed = parseRule(value);
    if (!parsed.ok) return parsed.error.forEach(({ field, message }) => wrong(field, message));
    const rule = parsed.value;
    if (set.get(rule.id) !== undefined) return void wrong('id', `${rule.id} stands twice; remove one of the two`);
    for (const { field, message } of set.conflictsOf(rule, nowMs)) wrong(field, message);
    set.put(rule);
    rules.push(rule);
  });
  return rules;
}

function readAni(values: unknown, errors: FieldError[]): AniEntry[] {
  if (!Array.isArray(values)) {
    errors.push({ field: 'ani', message: 'must be a list of entries' });
    return [];
  }
  const list = new AniList();
  const entries: AniEntry[] = [];
  values.forEach((value: unknown, index) => {
    if (errors.length >= ERRORS_MAX) return;
    const problem = entryProblem(value);
    const added = problem === undefined ? list.add(value as AniEntry, -Infinity) : undefined;
    if (problem !== undefined) errors.push({ field: `ani.${index}.${problem.field}`, message: problem.message });
    else if (added?.ok === false) errors.push({ field: `ani.${index}.number`, message: added.error });
    else entries.push(value as AniEntry);
  });
  return entries;
}

const isLine = (value: unknown, max: number): boolean => typeof value === 'string' && value.length <= max && !/[\p{Cc}\p{Cs}]/u.test(value);
const isMoment = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function entryProblem(value: unknown): FieldError | undefined {
  const { number, note, addedBy, addedAtMs, expiresAtMs } = (value ?? {}) as Partial<Record<keyof AniEntry, unknown>>;
  const pattern = typeof number === 'string' ? parseAni(number) : undefined;
  if (pattern?.ok !== true) return { field: 'number', message: pattern?.error ?? 'must be text, such as +81501234567' };
  if (!isLine(note, 200)) return { field: 'note', message: 'must be a line of text of 200 characters at most' };
  if (!isLine(addedBy, 128)) return { field: 'addedBy', message: 'must be a line of text of 128 characters at most' };
  if (!isMoment(addedAtMs)) return { field: 'addedAtMs', message: 'must be a time in milliseconds since 1970' };
  if (expiresAtMs !== undefined && !isMoment(expiresAtMs)) return { field: 'expiresAtMs', message: 'must be a time in milliseconds since 1970' };
  return undefined;
}

function partsOf(epoch: number, rules: readonly Rule[], ani: readonly AniEntry[]): Map<string, StoredPart> {
  const parts = new Map<string, StoredPart>();
  let chunk: Rule[] = [];
  let bytes = 0;
  const close = (): void => {
    if (chunk.length > 0) parts.set(`rules-${parts.size}`, { rules: chunk });
    [chunk, bytes] = [[], 0];
  };
  for (const rule of rules) {
    chunk.push(rule);
    bytes += Buffer.byteLength(JSON.stringify(rule));
    if (bytes >= PART_BYTES) close();
  }
  close();
  const shards = new Map<number, AniLine[]>();
  for (const entry of ani) {
    const shard = aniShardOf(entry.number);
    const line = { number: entry.number, epoch, entry };
    const there = shards.get(shard);
    if (there === undefined) shards.set(shard, [line]); else there.push(line);
  }
  for (const [shard, lines] of shards) parts.set(`ani-${shard}`, { shard, lines: linesOf(lines) });
  return parts;
}
