/**
 * Bindings in this process. Built for a hundred thousand of them: one compact record each, no timer of its own, and
 * strings that do not keep the message alive from which they were cut.
 */
import { type Clock, compact, type Timer } from '#kernel';
import { Interner } from './interner.js';
import { ExpiryQueue } from './expiry-queue.js';
import { PAGE_INDEX_MS, PageIndex } from './page-index.js';
import type { LocationBinding, LocationDelta, LocationPage, LocationRemoval, LocationStore } from './port.js';

/** A removal is remembered so long, so that an older report which arrives after it does not bring the binding back. */
const REMEMBER_REMOVAL_MS = 32_000;

/** One contact of an AOR: its latest binding, or the memory of its removal. */
class Entry {
  removed = false;
  /** Until when the entry is kept; its place in the expiry queue may still be an earlier one. */
  untilMs: number;
  queuedMs = Infinity;

  constructor(readonly aor: string, public binding: LocationBinding) {
    this.untilMs = binding.expiresAtMs;
  }

  isLive(nowMs: number): boolean {
    return !this.removed && this.untilMs > nowMs;
  }
}

export interface LocationReport {
  readonly aor: string;
  /** Of a removal: what was removed, with the time of the removal as its update. */
  readonly binding: LocationBinding;
  readonly removed: boolean;
}

export class MemoryLocationStore implements LocationStore {
  /** One contact is the rule, so it is held without an array round it. */
  readonly #byAor = new Map<string, Entry | Entry[]>();
  readonly isComplete = false;
  readonly #names = new Interner();
  readonly #expiry = new ExpiryQueue<Entry>();
  readonly #watchers = new Set<(delta: LocationDelta) => void>();
  readonly #pages = new PageIndex();
  #pagesTimer: Timer | undefined;
  #sweepTimer: Timer | undefined;
  #sweepAtMs = Infinity;
  #reachable = 0;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#reachable;
  }

  put(aor: string, from: LocationBinding): boolean {
    const held = this.#find(aor, from.contact);
    if (held !== undefined && held.binding.updatedAtMs > from.updatedAtMs) return false;
    if (from.expiresAtMs <= this.clock.nowMs()) {
      return this.remove({ aor, contact: from.contact, atMs: from.updatedAtMs });
    }
    const binding = this.#compacted(from);
    const entry = held ?? new Entry(compact(aor), binding);
    this.#change(entry.aor, () => {
      if (held === undefined) this.#keep(entry.aor, [...this.#entries(aor), entry]);
      entry.binding = binding;
      entry.removed = false;
    });
    this.#keepUntil(entry, binding.expiresAtMs);
    this.#tell({ kind: 'put', aor: entry.aor, binding });
    return true;
  }

  remove({ aor, contact, atMs }: LocationRemoval): boolean {
    const entry = this.#find(aor, contact);
    const nowMs = this.clock.nowMs();
    if (entry === undefined || entry.binding.updatedAtMs > atMs || !entry.isLive(nowMs)) return false;
    this.#change(aor, () => {
      entry.removed = true;
      entry.binding = { ...entry.binding, updatedAtMs: atMs };
    });
    this.#keepUntil(entry, nowMs + REMEMBER_REMOVAL_MS);
    this.#tell({ kind: 'gone', aor: entry.aor, contact: entry.binding.contact, reason: 'removed' });
    return true;
  }

  list(aor: string): readonly LocationBinding[] {
    const nowMs = this.clock.nowMs();
    const live: LocationBinding[] = [];
    for (const entry of this.#entries(aor)) if (entry.isLive(nowMs)) live.push(entry.binding);
    return live.length < 2 ? live : live.sort((a, b) => b.q - a.q || b.updatedAtMs - a.updatedAtMs);
  }

  /** The live binding of one contact. */
  find(aor: string, contact: string): LocationBinding | undefined {
    const entry = this.#find(aor, contact);
    return entry?.isLive(this.clock.nowMs()) === true ? entry.binding : undefined;
  }

  /** Every live binding and every removal that is remembered; what comes while it is read may be missing. */
  *reports(): Generator<LocationReport> {
    for (const held of this.#byAor.values()) {
      for (const { aor, binding, removed, untilMs } of Array.isArray(held) ? held : [held]) {
        if (untilMs <= this.clock.nowMs()) continue;
        yield { aor, binding, removed };
      }
    }
  }

  all(limit: number, after = ''): LocationPage {
    const { names, from } = this.#pages.after(after, this.clock.nowMs(), () => [...this.#byAor.keys()]);
    this.#keepPages();
    const entries: { aor: string; bindings: readonly LocationBinding[] }[] = [];
    for (let at = from; at < names.length; at += 1) {
      if (entries.length === limit) return { entries, next: entries.at(-1)?.aor ?? after };
      const aor = names[at] as string;
      const bindings = this.list(aor);
      if (bindings.length > 0) entries.push({ aor, bindings });
    }
    return { entries };
  }

  watch(onDelta: (delta: LocationDelta) => void): () => void {
    this.#watchers.add(onDelta);
    return () => void this.#watchers.delete(onDelta);
  }

  async close(): Promise<void> {
    this.#sweepTimer?.cancel();
    this.#pagesTimer?.cancel();
    this.#pages.release();
    this.#watchers.clear();
    this.#byAor.clear();
    this.#expiry.clear();
    this.#reachable = 0;
  }

  /** The index is a copy of all names, so it goes when nobody has asked for a while. */
  #keepPages(): void {
    this.#pagesTimer?.cancel();
    this.#pagesTimer = this.clock.setTimer(PAGE_INDEX_MS, () => this.#pages.release());
  }

  #compacted(from: LocationBinding): LocationBinding {
    return {
      contact: compact(from.contact),
      expiresAtMs: from.expiresAtMs,
      updatedAtMs: from.updatedAtMs,
      callId: compact(from.callId),
      cseq: from.cseq,
      q: from.q,
      path: this.#names.list(from.path),
      flow: compact(from.flow),
      node: this.#names.of(from.node),
      ...(from.instanceId === undefined ? {} : { instanceId: compact(from.instanceId) }),
      ...(from.regId === undefined ? {} : { regId: from.regId }),
      ...(from.userAgent === undefined ? {} : { userAgent: this.#names.of(from.userAgent) }),
      ...(from.reachedAs === undefined ? {} : { reachedAs: this.#names.of(from.reachedAs) }),
    };
  }

  #entries(aor: string): readonly Entry[] {
    const held = this.#byAor.get(aor);
    if (held === undefined) return [];
    return Array.isArray(held) ? held : [held];
  }

  #find(aor: string, contact: string): Entry | undefined {
    return this.#entries(aor).find(({ binding }) => binding.contact === contact);
  }

  #keep(aor: string, entries: Entry[]): void {
    if (entries.length === 0) this.#byAor.delete(aor);
    else this.#byAor.set(aor, entries.length === 1 ? (entries[0] as Entry) : entries);
  }

  /** Counts AORs that come into reach or leave it. What has run out counts until it is swept. */
  #change(aor: string, change: () => void): void {
    const before = this.#isReachable(aor);
    change();
    this.#reachable += Number(this.#isReachable(aor)) - Number(before);
  }

  #isReachable(aor: string): boolean {
    return this.#entries(aor).some(({ removed }) => !removed);
  }

  /** A later end needs no new place in the queue: when its old one comes up, it is queued again. */
  #keepUntil(entry: Entry, untilMs: number): void {
    entry.untilMs = untilMs;
    if (untilMs < entry.queuedMs) this.#enqueue(entry);
  }

  #enqueue(entry: Entry): void {
    entry.queuedMs = entry.untilMs;
    this.#expiry.add(entry.untilMs, entry);
    this.#armSweep();
  }

  #armSweep(): void {
    const dueMs = this.#expiry.nextDueMs();
    if (dueMs === undefined || dueMs >= this.#sweepAtMs) return;
    this.#sweepTimer?.cancel();
    this.#sweepAtMs = dueMs;
    this.#sweepTimer = this.clock.setTimer(dueMs - this.clock.nowMs(), () => this.#sweep());
  }

  #sweep(): void {
    this.#sweepAtMs = Infinity;
    const nowMs = this.clock.nowMs();
    this.#expiry.take(nowMs, (entry) => {
      if (entry.untilMs <= nowMs) this.#expire(entry);
      else if (entry.queuedMs <= nowMs) this.#enqueue(entry);
    });
    this.#armSweep();
  }

  #expire(entry: Entry): void {
    const entries = this.#entries(entry.aor);
    if (!entries.includes(entry)) return;
    this.#change(entry.aor, () => this.#keep(entry.aor, entries.filter((other) => other !== entry)));
    if (entry.removed) return;
    this.#tell({ kind: 'gone', aor: entry.aor, contact: entry.binding.contact, reason: 'expired' });
  }

  #tell(delta: LocationDelta): void {
    for (const watcher of this.#watchers) {
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher(delta);
      });
    }
  }
}
