/** Keys of the bucket `limits-<data centre>` and what they hold (docs/specs/limits.md, "Changes"). Of two values of a key the later epoch stands. */
import { token, untoken } from '#cluster';
import type { AniEntry, Mode, Rule, Stamped } from '#limits';

export const bucketOf = (dataCentre: string): string => `limits-${token(dataCentre)}`;

/** What proxies watch; the audit is beside it. */
export const NOW = 'now.>';
export const AUDIT = 'audit.>';

export const MODE_KEY = 'now.mode';
export const GENERATION_KEY = 'now.generation';
export const LOCK_KEY = 'now.lock';
const RULE_PREFIX = 'now.rule.';
export const ruleKey = (id: string): string => `${RULE_PREFIX}${token(id)}`;
export const idOfRuleKey = (key: string): string => untoken(key.slice(RULE_PREFIX.length));
export const aniKey = (shard: number): string => `now.ani.${shard}`;
export const setKey = (generation: number, part: string): string => `now.set.${generation}.${part}`;
/** Padded, so that keys sort by time. */
export const auditKey = (epoch: number): string => `audit.${String(epoch).padStart(16, '0')}`;

export interface StoredRule extends Stamped<Rule> {
  /** Of the rule, for a marker says no more. */
  readonly id: string;
}

/** Entries of one shard, a line each: text costs a tenth of objects, and a million lie in every proxy. */
export interface StoredShard {
  readonly lines: string;
}

/**
 * A restore: all of before is over. Its set was written beforehand, in `parts` keys `now.set.<epoch>.<part>`, and holds together with whatever is later
 * than the epoch.
 */
export interface Generation {
  readonly epoch: number;
  readonly mode: Mode;
  readonly parts: number;
}

/** Part of a set: rules, or one shard of the block list. */
export type StoredPart = { readonly rules: readonly Rule[] } | { readonly shard: number; readonly lines: string };

export type Key =
  | { readonly kind: 'mode' | 'generation' | 'lock' | 'rule' }
  | { readonly kind: 'ani'; readonly shard: number }
  | { readonly kind: 'set'; readonly generation: number; readonly part: string };

/** Undefined: a key of a later version, which is passed over. */
export function parseKey(key: string): Key | undefined {
  const [room, kind, first = '', part = ''] = key.split('.');
  if (room !== 'now') return undefined;
  switch (kind) {
    case 'mode': case 'generation': case 'lock': case 'rule': return { kind };
    case 'ani': return { kind, shard: Number(first) };
    case 'set': return { kind, generation: Number(first), part };
    default: return undefined;
  }
}

/** One line of a shard. `entry` undefined: removed. */
export interface AniLine {
  readonly number: string;
  readonly epoch: number;
  readonly entry: AniEntry | undefined;
}

/** Fields between tabs: neither names nor notes have control characters. */
export function lineOf({ number, epoch, entry }: AniLine): string {
  if (entry === undefined) return `${number}\t${epoch}`;
  return [number, epoch, entry.addedAtMs, entry.addedBy, entry.expiresAtMs ?? '', entry.note].join('\t');
}

export function parseLine(line: string): AniLine {
  const [number = '', epoch, addedAtMs, addedBy = '', expires = '', note = ''] = line.split('\t');
  if (addedAtMs === undefined) return { number, epoch: Number(epoch), entry: undefined };
  const entry = { number, note, addedBy, addedAtMs: Number(addedAtMs), ...(expires === '' ? {} : { expiresAtMs: Number(expires) }) };
  return { number, epoch: Number(epoch), entry };
}

export const linesOf = (lines: Iterable<AniLine>): string => [...lines].map(lineOf).join('\n');

export function* parseLines(text: string): Generator<AniLine> {
  if (text === '') return;
  for (const line of text.split('\n')) yield parseLine(line);
}
