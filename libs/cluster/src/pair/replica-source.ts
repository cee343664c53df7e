/** The primary's side of the replication: what its tiers have put, and how far the backup has it. Pure. */
import type { Out } from '#kernel';
import type { ReplicaEntry, ReplicaMessage, ReplicaState } from './replica-messages.js';

/** Below what a bus message may weigh (1 MB), with room for the quotes of JSON in JSON. */
const FRAME_CHARS = 131_072;
const FRAME_ENTRIES = 256;
/** Pages of a copy that are on their way at once. */
const PAGES_AHEAD = 4;
/** A backup that is further behind is not followed any more: it will want everything when it comes back. */
const BEHIND_MAX = 20_000;

export class ReplicaSource {
  readonly #values = new Map<string, Map<string, string>>();
  readonly #pending = new Map<string, { readonly tier: string; readonly key: string; readonly value: object | undefined }>();
  #seq = 0;
  #acked = 0;
  #following = false;
  /** Keys that the copy under way has still to get. */
  #pages: (readonly [string, string])[] | undefined;
  #pageSeqs: number[] = [];
  #bytes = 0;

  constructor(private readonly process: string, readonly epoch: number, restored: ReplicaState = new Map()) {
    for (const [tier, entries] of restored) for (const [key, value] of entries) this.#store(tier, key, value);
  }

  get entries(): number {
    let count = 0;
    for (const values of this.#values.values()) count += values.size;
    return count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that the backup has not acknowledged; undefined without one. */
  get lag(): number | undefined {
    return this.#following ? this.#seq - this.#acked : undefined;
  }

  get state(): ReplicaState {
    return this.#values;
  }

  /** The last that counts of a key, in the order of the last. */
  put(tier: string, key: string, value: object | undefined): void {
    const id = `${tier}\0${key}`;
    this.#pending.delete(id);
    this.#pending.set(id, { tier, key, value });
  }

  flush(out: Out<ReplicaMessage>): void {
    if (this.#pending.size === 0) return;
    const entries: ReplicaEntry[] = [];
    for (const { tier, key, value } of this.#pending.values()) {
      const text = value === undefined ? undefined : JSON.stringify(value);
      this.#store(tier, key, text);
      if (this.#following) entries.push(text === undefined ? { tier, key } : { tier, key, value: text });
    }
    this.#pending.clear();
    for (const part of inFrames(entries)) this.#frame(part, out);
    if (this.#following && this.#seq - this.#acked > BEHIND_MAX) this.#following = false;
  }

  on(message: ReplicaMessage, out: Out<ReplicaMessage>): void {
    if (message.from === this.process || message.epoch !== this.epoch) return;
    if (message.kind === 'want') this.#want(out);
    else if (message.kind === 'got') this.#got(message.seq, out);
  }

  /** With each heartbeat. */
  beat(out: Out<ReplicaMessage>): void {
    out.push({ kind: 'at', from: this.process, epoch: this.epoch, seq: this.#seq });
  }

  #want(out: Out<ReplicaMessage>): void {
    this.#following = true;
    this.#acked = this.#seq;
    this.#pages = [...this.#values].flatMap(([tier, values]) => [...values.keys()].map((key) => [tier, key] as const));
    this.#pageSeqs = [];
    this.#pump(out, true);
  }

  #got(seq: number, out: Out<ReplicaMessage>): void {
    if (seq > this.#seq) return;
    this.#acked = Math.max(this.#acked, seq);
    this.#pageSeqs = this.#pageSeqs.filter((page) => page > seq);
    this.#pump(out);
  }

  #pump(out: Out<ReplicaMessage>, first = false): void {
    for (let isFirst = first; this.#pages !== undefined && this.#pageSeqs.length < PAGES_AHEAD; isFirst = false) {
      const entries = this.#nextPage(this.#pages);
      const isLast = this.#pages.length === 0;
      if (isLast) this.#pages = undefined;
      this.#frame(entries, out, { ...(isFirst ? { first: true } : {}), ...(isLast ? { last: true } : {}) });
      this.#pageSeqs.push(this.#seq);
    }
  }

  #nextPage(keys: (readonly [string, string])[]): ReplicaEntry[] {
    const entries: ReplicaEntry[] = [];
    let chars = 0;
    while (keys.length > 0 && entries.length < FRAME_ENTRIES && chars < FRAME_CHARS) {
      const [tier, key] = keys.pop() as readonly [string, string];
      const value = this.#values.get(tier)?.get(key);
      if (value === undefined) continue;
      entries.push({ tier, key, value });
      chars += value.length;
    }
    return entries;
  }

  #frame(entries: readonly ReplicaEntry[], out: Out<ReplicaMessage>, marks: { first?: true; last?: true } = {}): void {
    this.#seq += 1;
    out.push({ kind: 'frame', from: this.process, epoch: this.epoch, seq: this.#seq, entries, ...marks });
  }

  #store(tier: string, key: string, value: string | undefined): void {
    let values = this.#values.get(tier);
    if (values === undefined) this.#values.set(tier, values = new Map());
    this.#bytes += (value?.length ?? 0) - (values.get(key)?.length ?? 0);
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
}

function* inFrames(entries: readonly ReplicaEntry[]): Generator<ReplicaEntry[]> {
  let part: ReplicaEntry[] = [];
  let chars = 0;
  for (const entry of entries) {
    part.push(entry);
    chars += entry.value?.length ?? 0;
    if (part.length < FRAME_ENTRIES && chars < FRAME_CHARS) continue;
    yield part;
    part = [];
    chars = 0;
  }
  if (part.length > 0) yield part;
}
