import fc from 'fast-check';
import { SeededEntropy, VirtualClock } from '#simulation';
import { EventFeed, type FeedEffect, type FeedInput, type Sequenced } from './event-feed.js';
import { EventRing } from './event-ring.js';

interface Event extends Sequenced {
  readonly dn: string;
}
interface Snapshot extends Sequenced {
  readonly events: readonly string[];
}

const nameOf = ({ epoch, seq }: Sequenced): string => `${seq}@${epoch}`;

/** An owner with a small ring, a receiver, and a link that loses, doubles and delays. */
class History {
  readonly clock = new VirtualClock(0);
  readonly published: string[] = [];
  received: string[] = [];
  readonly accepted: Sequenced[] = [];
  #epoch = 1;
  #seq = 0;
  #handedFrom: number | undefined;
  #healed = false;
  readonly #ring = new EventRing<Event>(20);
  readonly #feed: EventFeed<Event, Snapshot>;
  readonly #entropy: SeededEntropy;

  constructor(seed: number, private readonly loss: number) {
    this.#entropy = new SeededEntropy(seed);
    this.#feed = new EventFeed(seed % 2 === 0);
  }

  publish(): void {
    this.#seq += 1;
    const after = this.#handedFrom;
    this.#handedFrom = undefined;
    const event: Event = { dn: '7001', owner: `n${this.#epoch}`, epoch: this.#epoch, seq: this.#seq, ...(after === undefined ? {} : { after }) };
    this.published.push(nameOf(event));
    this.#ring.push(event, 1);
    this.#send(() => this.#receive({ kind: 'event', event }));
  }

  /** A hand-over: numbers go on, the ring of the new owner is empty. */
  handOver(): void {
    this.#handedFrom = this.#epoch;
    this.#epoch += 1;
    this.#ring.forget('7001');
  }

  verify(): void {
    const { epoch, seq } = this.#feed.position ?? { epoch: 0, seq: 0 };
    if (epoch === this.#epoch && seq === this.#seq) return;
    const answer: FeedInput<Event, Snapshot> = { kind: 'behind', owner: `n${this.#epoch}`, epoch: this.#epoch, seq: this.#seq };
    this.#send(() => this.#receive(answer));
  }

  /** The receiver does not hear the owner for long enough to take it for gone. */
  lose(): void {
    this.#receive({ kind: 'ownerLost' });
  }

  heal(): void {
    this.#healed = true;
    for (let round = 0; round < 4; round += 1) {
      this.verify();
      this.clock.skip(10_000);
    }
  }

  get state(): string {
    return this.#feed.state;
  }

  #send(arrive: () => void): void {
    if (this.#healed) return void this.clock.setTimer(1, arrive);
    const copies = this.#entropy.chance(this.loss) ? 0 : this.#entropy.chance(0.2) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.clock.setTimer(this.#entropy.between(0, 500), arrive);
  }

  #receive(input: FeedInput<Event, Snapshot>): void {
    const out: FeedEffect<Event, Snapshot>[] = [];
    this.#feed.on(input, out);
    for (const effect of out) this.#perform(effect);
  }

  #perform(effect: FeedEffect<Event, Snapshot>): void {
    switch (effect.kind) {
      case 'deliver':
        if (this.accepted.at(-1)?.epoch === effect.event.epoch) expect(effect.event.seq).toBe((this.accepted.at(-1)?.seq ?? 0) + 1);
        this.received.push(nameOf(effect.event));
        this.accepted.push(effect.event);
        return;
      case 'deliverSnapshot':
        this.received = [...effect.snapshot.events];
        this.accepted.push(effect.snapshot);
        return;
      case 'askReplay': return this.#ask(() => {
        const { complete, events } = this.#ring.replay('7001', effect.epoch, effect.fromSeq, this.#seq);
        return { kind: 'replay', complete: complete && effect.epoch === this.#epoch, events };
      });
      case 'askSnapshot': return this.#ask(() => {
        if (effect.owner !== `n${this.#epoch}`) return { kind: 'unanswered' };
        const snapshot = { owner: effect.owner, epoch: this.#epoch, seq: this.#seq, events: this.published.slice() };
        return { kind: 'snapshot', snapshot };
      });
      case 'setTimer': return void this.clock.setTimer(effect.delayMs, () => this.#receive({ kind: 'timer' }));
      case 'fenced':
      case 'resume': return;
    }
  }

  /** A bus request: it is answered once, or it fails after its deadline. */
  #ask(answer: () => FeedInput<Event, Snapshot>): void {
    if (!this.#healed && this.#entropy.chance(this.loss)) {
      this.clock.setTimer(2_000, () => this.#receive({ kind: 'unanswered' }));
      return;
    }
    this.clock.setTimer(this.#entropy.between(1, 300), () => {
      const answered = answer();
      this.clock.setTimer(this.#entropy.between(1, 300), () => this.#receive(answered));
    });
  }
}

const walk = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constant('publish' as const) },
    { weight: 1, arbitrary: fc.constant('handOver' as const) },
    { weight: 1, arbitrary: fc.constant('verify' as const) },
    { weight: 1, arbitrary: fc.constant('lose' as const) },
    { weight: 3, arbitrary: fc.constant('pass' as const) },
  ),
  { maxLength: 80 },
);

describe('EventFeed over a bad link', () => {
  it('never goes back, and agrees with the owner after healing', () => {
    fc.assert(fc.property(fc.integer(), fc.double({ min: 0, max: 0.7, noNaN: true }), walk, (seed, loss, steps) => {
      const history = new History(seed, loss);
      history.publish();
      for (const step of steps) {
        if (step === 'pass') history.clock.skip(400);
        else history[step]();
      }
      history.publish();
      history.heal();
      expect(history.received).toEqual(history.published);
      expect(history.state).toBe('Current');
      history.accepted.reduce((before, after) => {
        expect(after.epoch > before.epoch || (after.epoch === before.epoch && after.seq >= before.seq)).toBe(true);
        return after;
      });
    }), { numRuns: 300 });
  });
});
