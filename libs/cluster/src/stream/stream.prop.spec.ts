import fc from 'fast-check';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { Timer } from '#kernel';
import { Inbox, type InboxEffect } from './inbox.js';
import { Outbox, type OutboxEffect } from './outbox.js';

/** A link that loses, doubles and delays, so that messages overtake each other. Perfect once it is healed. */
class Link {
  healed = false;

  constructor(private readonly clock: VirtualClock, private readonly entropy: SeededEntropy, private readonly loss: number) {}

  send(arrive: () => void): void {
    if (this.healed) return void this.clock.setTimer(1, arrive);
    const copies = this.entropy.chance(this.loss) ? 0 : this.entropy.chance(0.2) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.clock.setTimer(this.entropy.between(0, 800), arrive);
  }
}

/** One sender and one receiver. The picture is the list of all items so far; the receiver's is what it has applied. */
class Pair {
  readonly clock = new VirtualClock(0);
  readonly sent: number[] = [];
  applied: number[] = [];
  pictures = 0;
  gaveUp = 0;
  readonly #outbox = new Outbox<number>();
  #inbox = new Inbox<number, readonly number[]>();
  readonly #link: Link;
  #senderTimer: Timer | undefined;
  #receiverTimer: Timer | undefined;

  constructor(seed: number, loss: number) {
    this.#link = new Link(this.clock, new SeededEntropy(seed), loss);
  }

  append(count: number): void {
    const items = Array.from({ length: count }, (_, i) => this.sent.length + i);
    this.sent.push(...items);
    this.#send({ kind: 'items', items, nowMs: this.clock.nowMs() });
  }

  /** A new receiver that knows nothing: the DN has another owner. */
  replaceReceiver(): void {
    this.#receiverTimer?.cancel();
    this.#inbox = new Inbox<number, readonly number[]>(false);
    this.applied = [];
    this.#send({ kind: 'resync', nowMs: this.clock.nowMs() });
  }

  heal(): void {
    this.#link.healed = true;
    this.clock.skip(40_000);
  }

  get idle(): boolean {
    return this.#outbox.idle;
  }

  #send(input: Parameters<Outbox<number>['on']>[0]): void {
    const out: OutboxEffect<number>[] = [];
    this.#outbox.on(input, out);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: OutboxEffect<number>): void {
    switch (effect.kind) {
      case 'frame': {
        const { seq, items } = effect;
        return this.#link.send(() => this.#receive({ kind: 'frame', seq, items, nowMs: this.clock.nowMs() }));
      }
      case 'resync': {
        const { seq } = effect;
        const picture = this.sent.slice();
        return this.#link.send(() => this.#receive({ kind: 'resync', seq, picture, nowMs: this.clock.nowMs() }));
      }
      case 'setTimer':
        this.#senderTimer?.cancel();
        this.#senderTimer = this.clock.setTimer(effect.delayMs, () => this.#send({ kind: 'timer', nowMs: this.clock.nowMs() }));
        return;
      case 'cancelTimer': return this.#senderTimer?.cancel();
      case 'dropped':
        this.gaveUp += 1;
        return;
    }
  }

  #receive(input: Parameters<Inbox<number, readonly number[]>['on']>[0]): void {
    const inbox = this.#inbox;
    const out: InboxEffect<number, readonly number[]>[] = [];
    inbox.on(input, out);
    for (const effect of out) this.#performReceiver(effect);
  }

  #performReceiver(effect: InboxEffect<number, readonly number[]>): void {
    switch (effect.kind) {
      case 'apply': return void this.applied.push(effect.item);
      case 'applyPicture':
        this.applied = [...effect.picture];
        this.pictures += 1;
        return;
      case 'ack': {
        const { upTo, resync } = effect;
        return this.#link.send(() => this.#send({ kind: 'ack', upTo, resync, nowMs: this.clock.nowMs() }));
      }
      case 'setTimer':
        this.#receiverTimer = this.clock.setTimer(effect.delayMs, () => this.#receive({ kind: 'timer', nowMs: this.clock.nowMs() }));
    }
  }
}

const steps = fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }), pauseMs: fc.integer({ min: 0, max: 2_000 }) }), { maxLength: 30 });

describe('Outbox and Inbox over a bad link', () => {
  it('hand out every item once and in order, by themselves', () => {
    fc.assert(fc.property(fc.integer(), fc.double({ min: 0, max: 0.5, noNaN: true }), steps, (seed, loss, walk) => {
      const pair = new Pair(seed, loss);
      for (const { count, pauseMs } of walk) {
        pair.append(count);
        pair.clock.skip(pauseMs);
        expect(pair.applied).toEqual(pair.sent.slice(0, pair.applied.length));
      }
      pair.heal();
      expect(pair.applied).toEqual(pair.sent);
      expect(pair.idle).toBe(true);
      // Only a silence of 32 s may replace items by a picture.
      if (pair.gaveUp === 0) expect(pair.pictures).toBe(0);
    }), { numRuns: 200 });
  });

  it('end with equal pictures when the receiver is replaced on the way', () => {
    fc.assert(fc.property(fc.integer(), fc.double({ min: 0, max: 0.9, noNaN: true }), steps, steps, (seed, loss, before, after) => {
      const pair = new Pair(seed, loss);
      for (const { count, pauseMs } of before) {
        pair.append(count);
        pair.clock.skip(pauseMs);
      }
      pair.replaceReceiver();
      for (const { count, pauseMs } of after) {
        pair.append(count);
        pair.clock.skip(pauseMs);
      }
      pair.heal();
      expect(pair.applied).toEqual(pair.sent);
      expect(pair.idle).toBe(true);
    }), { numRuns: 200 });
  });
});
