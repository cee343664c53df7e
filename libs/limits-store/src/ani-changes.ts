/** The ANI block list under change: each entry is a line of one of 1,024 keys. */
import { type AniEntry, type AniInput, aniShardOf, type FieldError, importAniCsv, type LineError } from '#limits';
import type { ChangeSession } from './change-session.js';
import { Refused, refused } from './refused.js';
import type { LimitsRepository } from './repository.js';
import { type AniLine, aniKey, linesOf, parseLines } from './stored.js';

/** A value that a message of the bus holds, and so a bucket. */
const SHARD_BYTES_MAX = 900_000;

export class AniChanges {
  constructor(private readonly repository: LimitsRepository) {}

  async add(session: ChangeSession, input: AniInput): Promise<AniEntry> {
    const entry: AniEntry = { ...input, addedBy: session.who, addedAtMs: session.nowMs };
    const before = this.repository.state.ani.get(entry.number);
    const checked = this.repository.state.ani.checkAll([entry], session.nowMs);
    if (!checked.ok) throw refused('conflict', checked.error[0]!.message, 'number');
    await session.audited({ what: 'ani', action: 'add', id: entry.number, before: before ?? null, after: entry }, (epoch) =>
      this.#write(session, [{ number: entry.number, epoch, entry }]));
    return entry;
  }

  async remove(session: ChangeSession, number: string): Promise<void> {
    const before = this.repository.state.ani.get(number);
    if (before === undefined) throw refused('not-found', `${number} is not in the block list`);
    await session.audited({ what: 'ani', action: 'remove', id: before.number, before, after: null }, (epoch) =>
      this.#write(session, [{ number: before.number, epoch, entry: undefined }]));
  }

  /** All lines, or none and what is wrong with each. Answers how many were added. */
  async import(session: ChangeSession, csv: string): Promise<number> {
    const { ani } = this.repository.state;
    const read = importAniCsv(ani, csv, { by: session.who, nowMs: session.nowMs });
    if (!read.ok) throw new Refused('invalid', lineErrors(read.error));
    // The list has them for the try alone; the bucket says what it is to have.
    this.repository.redo(new Set(read.value.map(({ number }) => aniShardOf(number))));
    const entries = read.value;
    await session.audited({ what: 'ani-list', action: 'import', before: null, after: { entries: entries.length } }, (epoch) =>
      this.#write(session, entries.map((entry) => ({ number: entry.number, epoch, entry }))));
    return entries.length;
  }

  async #write(session: ChangeSession, lines: readonly AniLine[]): Promise<void> {
    const byShard = new Map<number, AniLine[]>();
    for (const line of lines) {
      const shard = aniShardOf(line.number);
      const there = byShard.get(shard);
      if (there === undefined) byShard.set(shard, [line]); else there.push(line);
    }
    const values = new Map([...byShard].map(([shard, changed]) => [aniKey(shard), { lines: this.#with(session.site, shard, changed) }] as const));
    await session.writeAll(values);
  }

  #with(site: string, shard: number, changed: readonly AniLine[]): string {
    const lines = new Map<string, AniLine>();
    for (const line of parseLines(this.repository.state.linesOf(site, shard))) lines.set(line.number, line);
    for (const line of changed) lines.set(line.number, line);
    const text = linesOf(lines.values());
    if (Buffer.byteLength(text) <= SHARD_BYTES_MAX) return text;
    throw refused('conflict', 'this part of the list is full: use shorter notes, or prefixes for many numbers', 'note');
  }
}

/** Mistakes of a file as `line 3.number`. */
export const lineErrors = (errors: readonly LineError[]): FieldError[] =>
  errors.map(({ line, field, message }) => ({ field: field === undefined ? `line ${line}` : `line ${line}.${field}`, message }));
