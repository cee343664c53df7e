/** Rules as a CSV file: a line for each, lists with `;` between. An import takes every line, or tells what is wrong with each bad one. */
import { fail, ok, type Result } from '#kernel';
import { lineOf, type LineError, readCsv } from './csv-text.js';
import { ERRORS_MAX } from './field-error.js';
import { type Rule, type RuleInput, RULES_MAX } from './rule.js';
import { parseRuleInput } from './rule-schema.js';
import type { WeeklyWindow } from './schedule.js';

const COLUMNS = [
  'id', 'description', 'dnis', 'division', 'enabled', 'shadow', 'type', 'limit', 'queues', 'combine', 'dnisAlso',
  'timeZone', 'start', 'end', 'weekly', 'status', 'reason', 'retryAfterS', 'to', 'withoutStore',
] as const;

/** A line of the file: a change of the rule of that id, or a new rule. */
export interface ImportedRule {
  readonly line: number;
  readonly id?: string;
  readonly input: RuleInput;
}

export function* writeRulesCsv(rules: Iterable<Rule>): Generator<string> {
  yield lineOf(COLUMNS);
  for (const rule of rules) {
    const { schedule, answer } = rule;
    yield lineOf([
      rule.id, rule.description, rule.dnis, rule.division, String(rule.enabled), String(rule.shadow), rule.type, String(rule.limit), listCell(rule.queues),
      rule.combine, listCell(rule.dnisAlso), schedule?.timeZone ?? '', schedule?.start ?? '', schedule?.end ?? '', weeklyCell(schedule?.weekly ?? []),
      String(answer.status), answer.reason ?? '', String(answer.retryAfterS ?? ''), answer.to ?? '', rule.withoutStore ?? '',
    ]);
  }
}

/** The rules of all lines, or what is wrong, the first 1,000. What rules meet each other is for `RuleSet`. */
export function readRulesCsv(text: string): Result<readonly ImportedRule[], LineError[]> {
  const { rows, errors: unread } = readCsv(text, COLUMNS, ['dnis', 'type']);
  if (rows.length > RULES_MAX) return fail([{ line: rows[RULES_MAX]!.line, message: `is one rule too many: at most ${RULES_MAX}` }]);
  const errors = [...unread];
  const rules: ImportedRule[] = [];
  const seen = new Map<string, number>();
  for (const { line, cells } of rows) {
    const id = cells['id'] === '' ? undefined : cells['id'];
    const twice = id === undefined ? undefined : seen.get(id);
    if (twice !== undefined) errors.push({ line, field: 'id', message: `stands in line ${twice} already; remove one of the two` });
    if (id !== undefined) seen.set(id, twice ?? line);
    const parsed = parseRuleInput(valueOf(cells));
    if (parsed.ok) rules.push({ line, ...(id === undefined ? {} : { id }), input: parsed.value });
    else errors.push(...parsed.error.map(({ field, message }) => ({ line, field: columnOf(field), message })));
  }
  return errors.length === 0 ? ok(rules) : fail(errors.sort((a, b) => a.line - b.line).slice(0, ERRORS_MAX));
}

type Cells = Readonly<Record<string, string>>;

/** What the API would be given; an empty cell is left out. */
function valueOf(cells: Cells): unknown {
  const text = (name: string): string | undefined => (cells[name] === '' ? undefined : cells[name]);
  const number = (name: string): unknown => (/^\d{1,9}$/.test(cells[name] ?? '') ? Number(cells[name]) : text(name));
  const flag = (name: string): unknown => ({ true: true, false: false })[cells[name]?.toLowerCase() ?? ''] ?? text(name);
  const list = (name: string): string[] | undefined => (text(name) === undefined ? undefined : listOf(cells[name]!));
  const schedule = given({ timeZone: text('timeZone'), start: text('start'), end: text('end'), weekly: list('weekly')?.map(windowOf) });
  const answer = given({ status: number('status'), reason: text('reason'), retryAfterS: number('retryAfterS'), to: text('to') });
  return {
    description: text('description'), dnis: cells['dnis'], division: text('division'), enabled: flag('enabled'), shadow: flag('shadow'), type: cells['type'],
    limit: number('limit'), queues: list('queues'), combine: text('combine'), dnisAlso: list('dnisAlso'), schedule, answer, withoutStore: text('withoutStore'),
  };
}

/** The object without what is not given; none when nothing is. */
function given(fields: Record<string, unknown>): Record<string, unknown> | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** `schedule.weekly.0.from` is told as `weekly`. */
function columnOf(field: string): string {
  const parts = field.split('.');
  return (parts[0] === 'schedule' || parts[0] === 'answer' ? parts[1] : parts[0]) ?? (parts[0] === 'schedule' ? 'timeZone' : 'status');
}

/** `;` between items; `\` before a `;` or `\` of an item. */
function listCell(items: readonly string[]): string {
  return items.map((item) => item.replace(/[\\;]/g, '\\$&')).join(';');
}

function listOf(cell: string): string[] {
  const items = cell.match(/(?:[^\\;]|\\.)+/gsu) ?? [];
  return items.map((item) => item.replace(/\\(.)/gsu, '$1'));
}

/** `mon tue 22:00-06:00` */
function weeklyCell(windows: readonly WeeklyWindow[]): string {
  return windows.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join(';');
}

function windowOf(text: string): unknown {
  const words = text.trim().split(/\s+/);
  const [from, to] = (words.pop() ?? '').split('-');
  return { days: words, from, to };
}
