/** The backup's side of the replication: everything the primary has put, as far as it came. Pure. */
import type { Out } from '#kernel';
import type { ReplicaEntry, ReplicaMessage, ReplicaState } from './replica-messages.js';

type Values = Map<string, Map<string, string>>;

/** Between two wishes for everything. */
const WANT_MS = 500;
/** Frames after which one is acknowledged at once; otherwise with the next tick. */
const ACK_EVERY = 64;

export class ReplicaCopy {
  #values: Values = new Map();
  /** A copy under way; the one before serves until it is complete. */
  #incoming: Values | undefined;
  #epoch = 0;
  #seq = 0;
  #complete = false;
  #inOrder = false;
  #unacked = 0;
  #wantedMs = -Infinity;

  constructor(private readonly process: string) {}

  /** Everything that was put in this term up to some moment is here. */
  get complete(): boolean {
    return this.#complete;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get state(): ReplicaState {
    return this.#values;
  }

  get entries(): number {
    let count = 0;
    for (const values of this.#values.values()) count += values.size;
    return count;
  }

  /** What this half had put itself while it was primary, until it hears of a later term. */
  adopt(epoch: number, state: ReplicaState): void {
    this.#values = new Map([...state].map(([tier, values]) => [tier, new Map(values)]));
    this.#incoming = undefined;
    this.#epoch = epoch;
    this.#complete = true;
    this.#inOrder = true;
    this.#seq = 0;
    this.#unacked = 0;
  }

  clear(): void {
    this.#values = new Map();
    this.#incoming = undefined;
    this.#complete = false;
    this.#inOrder = false;
    this.#epoch = 0;
    this.#seq = 0;
    this.#unacked = 0;
  }

  on(message: ReplicaMessage, nowMs: number, out: Out<ReplicaMessage>): void {
    if (message.from === this.process || message.epoch < this.#epoch || message.kind === 'got' || message.kind === 'want') return;
    if (message.epoch > this.#epoch) this.#begin(message.epoch);
    if (message.kind === 'frame') this.#frame(message, nowMs, out);
    else if (message.seq !== this.#seq || !this.#inOrder) this.#want(nowMs, out);
  }

  /** Acknowledges what came since. */
  tick(out: Out<ReplicaMessage>): void {
    if (this.#unacked > 0) this.#ack(out);
  }

  #begin(epoch: number): void {
    this.clear();
    this.#epoch = epoch;
    this.#wantedMs = -Infinity;
  }

  #frame(frame: ReplicaMessage & { kind: 'frame' }, nowMs: number, out: Out<ReplicaMessage>): void {
    if (frame.first === true && frame.seq > this.#seq) {
      this.#incoming = new Map();
      this.#inOrder = true;
    } else if (!this.#inOrder || frame.seq !== this.#seq + 1) {
      if (frame.seq > this.#seq || !this.#inOrder) this.#want(nowMs, out);
      return;
    }
    this.#seq = frame.seq;
    apply(frame.entries, this.#incoming ?? this.#values);
    if (frame.last === true && this.#incoming !== undefined) {
      this.#values = this.#incoming;
      this.#incoming = undefined;
      this.#complete = true;
    }
    this.#unacked += 1;
    if (this.#incoming !== undefined || frame.last === true || this.#unacked >= ACK_EVERY) this.#ack(out);
  }

  #ack(out: Out<ReplicaMessage>): void {
    this.#unacked = 0;
    out.push({ kind: 'got', from: this.process, epoch: this.#epoch, seq: this.#seq });
  }

  /** The rest of what is out of order is of no use. */
  #want(nowMs: number, out: Out<ReplicaMessage>): void {
    this.#inOrder = false;
    this.#incoming = undefined;
    if (nowMs - this.#wantedMs < WANT_MS) return;
    this.#wantedMs = nowMs;
    out.push({ kind: 'want', from: this.process, epoch: this.#epoch });
  }
}

function apply(entries: readonly ReplicaEntry[], values: Values): void {
  for (const { tier, key, value } of entries) {
    let ofTier = values.get(tier);
    if (ofTier === undefined) values.set(tier, ofTier = new Map());
    if (value === undefined) ofTier.delete(key);
    else ofTier.set(key, value);
  }
}
