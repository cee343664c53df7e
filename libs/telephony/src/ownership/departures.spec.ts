import type { OwnershipKind } from '../messages/index.js';
import { type DepartureEffect, type DepartureInput, Departures, type DepartureState } from './departures.js';

const IDLE: DepartureState = { busy: false, loggedIn: false };
const READY: DepartureState = { busy: false, loggedIn: true };
const TALKING: DepartureState = { busy: true, loggedIn: true };

class Stand {
  readonly #machine = new Departures();

  constructor(private readonly ownership: OwnershipKind = 'sip') {}

  feed(input: DepartureInput): string[] {
    const out: DepartureEffect[] = [];
    this.#machine.on(input, out);
    return out.map((effect) => (effect.kind === 'verdict' ? effect.verdict : effect.kind === 'moveNow' ? `moveNow ${effect.node}` : effect.kind));
  }

  asked(nowMs: number, state: DepartureState, more: { node?: string; agoMs?: number; seenAtMs?: number } = {}): string[] {
    const { node = 'N3', agoMs = 0, seenAtMs = 0 } = more;
    return this.feed({ kind: 'asked', dn: '7001', node, ownership: this.ownership, untilMs: 1_000_000, agoMs, seenAtMs, state, nowMs });
  }

  at(nowMs: number, state: DepartureState): string[] {
    return this.feed({ kind: 'changed', dn: '7001', state, nowMs });
  }

  left(nowMs: number, state: DepartureState): string[] {
    return this.feed({ kind: 'left', dn: '7001', state, nowMs });
  }

  get empty(): boolean {
    return !this.#machine.has('7001');
  }
}

describe('a phone that registered in another data centre', () => {
  it('TC-08: takes an idle DN along at once', () => {
    expect(new Stand().asked(1_000, READY)).toEqual(['leave', 'now']);
  });

  it('TC-05: waits for the end of call and after-call work, while it says so again', () => {
    const stand = new Stand();
    expect(stand.asked(1_000, TALKING)).toEqual(['later']);
    expect(stand.at(3_000, TALKING)).toEqual([]);
    expect(stand.asked(6_000, TALKING, { agoMs: 5_000 })).toEqual(['later']);
    expect(stand.at(7_000, READY)).toEqual(['leave', 'moveNow N3']);
    expect(stand.at(7_250, READY)).toEqual([]);
  });

  it('is forgotten when nobody repeats the wish, or the one who may claim does not', () => {
    const stand = new Stand();
    stand.asked(1_000, TALKING);
    expect(stand.at(16_001, READY)).toEqual([]);
    expect(stand.empty).toBe(true);
    stand.asked(20_000, READY);
    stand.at(21_500, READY);
    expect(stand.empty).toBe(true);
  });

  it('that came back is not given away, also by a wish that waited', () => {
    const stand = new Stand();
    stand.asked(1_000, TALKING);
    expect(stand.asked(6_000, TALKING, { agoMs: 5_000, seenAtMs: 4_000 })).toEqual(['no']);
    expect(stand.at(7_000, READY)).toEqual([]);
  });

  it('the last of two nodes that ask gets it', () => {
    const stand = new Stand();
    stand.asked(1_000, TALKING);
    stand.asked(1_100, TALKING, { node: 'N4' });
    expect(stand.at(2_000, READY)).toEqual(['leave', 'moveNow N4']);
  });
});

describe('a DN without a phone', () => {
  it('stays while an application of this node holds it, and when one does again', () => {
    const stand = new Stand('tlib');
    expect(stand.asked(1_000, IDLE)).toEqual(['later']);
    expect(stand.at(10_000, IDLE)).toEqual([]);
    stand.left(11_000, TALKING);
    stand.feed({ kind: 'held', dn: '7001' });
    expect(stand.at(12_000, IDLE)).toEqual([]);
  });

  it('is given up when its last application left and no call is on', () => {
    expect(new Stand('tlib').left(1_000, READY)).toEqual(['giveUp']);
    const stand = new Stand('tlib');
    expect(stand.left(1_000, TALKING)).toEqual([]);
    expect(stand.at(5_000, READY)).toEqual(['giveUp']);
    expect(stand.empty).toBe(true);
  });

  it('moves once call and after-call work are over and nobody is logged in', () => {
    const stand = new Stand('tlib');
    stand.left(1_000, { busy: true, loggedIn: false });
    expect(stand.asked(2_000, { busy: true, loggedIn: false })).toEqual(['later']);
    expect(stand.at(4_000, IDLE)).toEqual(['leave', 'moveNow N3']);
  });

  it('TC-07: moves 30 s later when the agent is logged in', () => {
    const stand = new Stand('tlib');
    stand.left(1_000, TALKING);
    for (let nowMs = 2_000; nowMs < 40_000; nowMs += 5_000) expect(stand.asked(nowMs, nowMs < 10_000 ? TALKING : READY)).toEqual(['later']);
    expect(stand.at(41_999, READY)).toEqual([]);
    expect(stand.at(42_000, READY)).toEqual(['leave', 'moveNow N3']);
  });

  it('of a node that does not ask any more is given up after all', () => {
    const stand = new Stand('tlib');
    stand.left(1_000, TALKING);
    stand.asked(2_000, TALKING);
    expect(stand.at(17_001, TALKING)).toEqual([]);
    expect(stand.at(18_000, IDLE)).toEqual(['giveUp']);
  });
});
