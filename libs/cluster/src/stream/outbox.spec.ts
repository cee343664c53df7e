import { OUTBOX, Outbox, type OutboxEffect } from './outbox.js';

type Item = string;

function stand() {
  const outbox = new Outbox<Item>();
  const out: OutboxEffect<Item>[] = [];
  const take = (): OutboxEffect<Item>[] => out.splice(0);
  return {
    outbox,
    items: (items: Item[], nowMs = 0) => (outbox.on({ kind: 'items', items, nowMs }, out), take()),
    ack: (upTo: number, nowMs = 0, resync = false) => (outbox.on({ kind: 'ack', upTo, resync, nowMs }, out), take()),
    resync: (nowMs = 0) => (outbox.on({ kind: 'resync', nowMs }, out), take()),
    timer: (nowMs: number) => (outbox.on({ kind: 'timer', nowMs }, out), take()),
  };
}

describe('Outbox', () => {
  it('Idle: items are sent at once, numbered from 1, with a timer for the repetition', () => {
    const { outbox, items } = stand();
    expect(items(['a', 'b'])).toEqual([
      { kind: 'setTimer', delayMs: 300 }, { kind: 'frame', seq: 1, items: ['a', 'b'] },
    ]);
    expect(outbox.state).toBe('Sending');
  });

  it('Idle: nothing to send is nothing', () => {
    expect(stand().items([])).toEqual([]);
  });

  it('Sending: a new item carries everything unacknowledged along', () => {
    const { items } = stand();
    items(['a']);
    expect(items(['b'])).toEqual([{ kind: 'frame', seq: 1, items: ['a', 'b'] }]);
  });

  it('Sending: beyond 16 waiting items new ones are left to the repetition', () => {
    const { items, timer } = stand();
    items(Array.from({ length: OUTBOX.eagerMax }, String));
    expect(items(['x'])).toEqual([]);
    expect(timer(300)[0]).toMatchObject({ kind: 'frame', seq: 1 });
  });

  it('Sending: what waited leaves with an acknowledgement, as much at a time as a message holds', () => {
    const { items, ack } = stand();
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));
    items(numbers(1, OUTBOX.eagerMax));
    items(numbers(17, 500));
    expect(ack(17)).toEqual([{ kind: 'setTimer', delayMs: 300 }, { kind: 'frame', seq: 17, items: numbers(17, OUTBOX.frameItemsMax) }]);
    expect(ack(100)).toEqual([{ kind: 'setTimer', delayMs: 300 }, { kind: 'frame', seq: 100, items: numbers(100, OUTBOX.frameItemsMax) }]);
    expect(ack(300)[1]).toEqual({ kind: 'frame', seq: 300, items: numbers(300, 217) });
    expect(ack(400)).toEqual([{ kind: 'setTimer', delayMs: 300 }]);
    expect(ack(517)).toEqual([{ kind: 'cancelTimer' }]);
  });

  it('Sending: repeats after 300 ms, twice as long each time, up to 5 s', () => {
    const { items, timer } = stand();
    items(['a']);
    let nowMs = 300;
    const delays: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const effects = timer(nowMs);
      expect(effects[0]).toEqual({ kind: 'frame', seq: 1, items: ['a'] });
      const { delayMs } = effects[1] as { delayMs: number };
      delays.push(delayMs);
      nowMs += delayMs;
    }
    expect(delays).toEqual([600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  });

  it('Sending: an acknowledgement of all ends in Idle, and numbers go on', () => {
    const { outbox, items, ack } = stand();
    items(['a', 'b']);
    expect(ack(3)).toEqual([{ kind: 'cancelTimer' }]);
    expect(outbox.idle).toBe(true);
    expect(items(['c'])).toContainEqual({ kind: 'frame', seq: 3, items: ['c'] });
  });

  it('Sending: an acknowledgement of some keeps the rest and begins the repetition anew', () => {
    const { items, ack, timer } = stand();
    items(['a', 'b', 'c']);
    timer(300);
    expect(ack(3, 400)).toEqual([{ kind: 'setTimer', delayMs: 300 }]);
    expect(timer(700)[0]).toEqual({ kind: 'frame', seq: 3, items: ['c'] });
  });

  it.each([0, 1, 4, 99])('Sending: an acknowledgement of %d, old or impossible, changes nothing', (upTo) => {
    const { outbox, items, ack } = stand();
    items(['a', 'b']);
    expect(ack(upTo)).toEqual([]);
    expect(outbox.state).toBe('Sending');
  });

  it('Sending: asked for a resync, it sends the picture in place of the items', () => {
    const { outbox, items, ack } = stand();
    items(['a', 'b']);
    expect(ack(0, 10, true)).toEqual([{ kind: 'resync', seq: 4 }, { kind: 'setTimer', delayMs: 300 }]);
    expect(outbox.state).toBe('Resyncing');
  });

  it('Resyncing: asked again within 300 ms it does not answer again, later it does', () => {
    const { items, ack } = stand();
    items(['a']);
    ack(0, 0, true);
    expect(ack(0, 299, true)).toEqual([]);
    expect(ack(0, 300, true)[0]).toMatchObject({ kind: 'resync' });
  });

  it('Resyncing: an acknowledgement of the items before it, under way, does not count', () => {
    const { outbox, items, ack } = stand();
    items(['a']);
    ack(0, 0, true);
    expect(ack(2)).toEqual([]);
    expect(outbox.state).toBe('Resyncing');
    expect(ack(3)).toEqual([{ kind: 'cancelTimer' }]);
    expect(outbox.state).toBe('Idle');
  });

  it('Resyncing: an item follows with its number; the repetition is a new picture that includes it', () => {
    const { items, ack, timer } = stand();
    items(['a']);
    ack(0, 0, true);
    expect(items(['b'], 10)).toEqual([{ kind: 'frame', seq: 3, items: ['b'] }]);
    expect(timer(300)[0]).toEqual({ kind: 'resync', seq: 5 });
  });

  it('Resyncing: acknowledged with an item left goes on Sending', () => {
    const { outbox, items, resync, ack } = stand();
    items(['a']);
    resync();
    items(['b']);
    expect(ack(3)).toEqual([{ kind: 'setTimer', delayMs: 300 }]);
    expect(outbox.state).toBe('Sending');
  });

  it('gives up after 32 s without an acknowledgement, and begins with a picture when there is something new', () => {
    const { outbox, items, timer } = stand();
    items(['a']);
    expect(timer(31_999)[0]).toMatchObject({ kind: 'frame' });
    expect(timer(32_000)).toEqual([{ kind: 'dropped', count: 1 }]);
    expect(outbox.state).toBe('Lost');
    expect(timer(40_000)).toEqual([]);
    expect(items(['b'], 50_000)).toEqual([{ kind: 'resync', seq: 4 }, { kind: 'setTimer', delayMs: 300 }]);
  });

  it('holds a bound of items: beyond it the picture takes their place', () => {
    const { items } = stand();
    items(Array.from({ length: OUTBOX.itemsMax }, String));
    expect(items(['x'])).toEqual([
      { kind: 'dropped', count: OUTBOX.itemsMax + 1 }, { kind: 'resync', seq: OUTBOX.itemsMax + 3 }, { kind: 'setTimer', delayMs: 300 },
    ]);
  });

  it('Lost: a late acknowledgement changes nothing, a request for a resync is answered', () => {
    const { items, timer, ack } = stand();
    items(['a']);
    timer(32_000);
    expect(ack(2, 33_000)).toEqual([]);
    expect(ack(0, 33_000, true)[0]).toMatchObject({ kind: 'resync' });
  });
});
