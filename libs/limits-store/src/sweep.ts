/**
 * Removes from the own bucket what counts no more: values and sets from before a restore, and markers of removals that are a week old and that no other
 * data centre could undo any more. In pieces, under the lock of changes.
 */
import { KeyValueUnavailable, type KeyValueStore } from '#cluster';
import type { Clock, Log, Timer } from '#kernel';
import type { ChangeSession, ChangeSessions } from './change-session.js';
import type { LimitsRepository } from './repository.js';
import { aniKey, type AniLine, linesOf, parseLines, ruleKey, setKey } from './stored.js';

export interface SweepPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly keyValues: KeyValueStore;
}

const EVERY_MS = 3_600_000;
/** A restore is old when no proxy can still wait for it. */
const SETTLED_MS = 600_000;
const MARKER_MS = 7 * 86_400_000;
/** Keys of one go. */
const KEYS_MAX = 500;
const NOBODY = 'cordboard';

/** Time of day of an epoch (`Hlc`: steps of 4 ms above 12 bits of its maker). */
const timeOf = (epoch: number): number => Math.floor(epoch / 4_096) * 4;

export class Sweep {
  #timer: Timer | undefined;

  constructor(private readonly repository: LimitsRepository, private readonly sessions: ChangeSessions, private readonly ports: SweepPorts) {}

  start(): void {
    this.#timer = this.ports.clock.setTimer(EVERY_MS, () => {
      void this.run().then(() => { if (this.#timer !== undefined) this.start(); });
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async run(): Promise<void> {
    // What cannot be read now could still hold what a marker removed.
    if (this.repository.unread.length > 0) return;
    const nowMs = this.ports.clock.nowMs();
    const { keys, shards } = this.#old(nowMs);
    if (keys.length === 0 && shards.size === 0) return;
    try {
      await this.sessions.run(NOBODY, (session) => this.#clear(session, nowMs));
    } catch (error) {
      if (!(error instanceof KeyValueUnavailable)) this.ports.log.warn('old call limits could not be removed', { error: String(error) });
    }
  }

  /** Read again under the lock. */
  async #clear(session: ChangeSession, nowMs: number): Promise<void> {
    const { keys, shards } = this.#old(nowMs);
    for (const key of keys) await session.remove(key);
    await session.writeAll(new Map([...shards].map(([shard, lines]) => [aniKey(shard), { lines: linesOf(lines) }])));
  }

  #old(nowMs: number): { readonly keys: readonly string[]; readonly shards: ReadonlyMap<number, readonly AniLine[]> } {
    const { state, place: { dataCentre: site } } = this.repository;
    const { generation } = state;
    const isOver = (epoch: number): boolean => epoch <= generation && timeOf(generation) < nowMs - SETTLED_MS;
    const isEnded = (epoch: number): boolean => timeOf(epoch) < nowMs - MARKER_MS;
    const keys: string[] = [];
    for (const [id, { epoch, value }] of state.stampedRulesOf(site)) {
      if (isOver(epoch) || (value === null && isEnded(epoch) && !state.isElsewhere(site, id))) keys.push(ruleKey(id));
    }
    for (const { epoch, parts } of state.setsOf(site)) {
      if (epoch !== generation && timeOf(epoch) < nowMs - SETTLED_MS) keys.push(...parts.map((part) => setKey(epoch, part)));
    }
    const shards = new Map<number, readonly AniLine[]>();
    for (const shard of state.shardsOf(site)) {
      if (keys.length + shards.size >= KEYS_MAX) break;
      const lines = [...parseLines(state.linesOf(site, shard))];
      const left = lines.filter(({ number, epoch, entry }) =>
        !isOver(epoch) && (entry !== undefined || !isEnded(epoch) || state.hasLineElsewhere(site, shard, number)));
      if (left.length < lines.length) shards.set(shard, left);
    }
    return { keys: keys.slice(0, KEYS_MAX), shards };
  }
}
