import { EventRing } from './event-ring.js';

const event = (dn: string, seq: number, epoch = 1) => ({ dn, owner: 'n1', epoch, seq });

describe('EventRing', () => {
  it('replays the events of a DN from a number on', () => {
    const ring = new EventRing(1_000);
    for (let seq = 1; seq <= 5; seq += 1) {
      ring.push(event('7001', seq), 10);
      ring.push(event('7002', seq), 10);
    }
    const { complete, events } = ring.replay('7001', 1, 3, 5);
    expect(complete).toBe(true);
    expect(events).toEqual([event('7001', 3), event('7001', 4), event('7001', 5)]);
  });

  it('is complete when nothing is missing, also of a DN without events', () => {
    expect(new EventRing(100).replay('7001', 1, 6, 5)).toEqual({ complete: true, events: [] });
    expect(new EventRing(100).replay('7001', 1, 5, 5)).toEqual({ complete: false, events: [] });
  });

  it('drops the oldest of all DNs when the bytes are used up, and says what it no longer has', () => {
    const ring = new EventRing<ReturnType<typeof event>>(50);
    ring.push(event('7001', 1), 20);
    ring.push(event('7002', 1), 20);
    ring.push(event('7001', 2), 20);
    expect(ring.bytes).toBe(40);
    expect(ring.replay('7001', 1, 1, 2)).toMatchObject({ complete: false });
    expect(ring.replay('7001', 1, 2, 2)).toMatchObject({ complete: true });
    expect(ring.replay('7002', 1, 1, 1)).toMatchObject({ complete: true });
  });

  it('does not mix epochs', () => {
    const ring = new EventRing(1_000);
    ring.push(event('7001', 1, 1), 10);
    ring.push(event('7001', 2, 2), 10);
    expect(ring.replay('7001', 2, 1, 2).complete).toBe(false);
    expect(ring.replay('7001', 2, 2, 2)).toEqual({ complete: true, events: [event('7001', 2, 2)] });
  });

  it('finds nothing of a DN that was given away, and gives its bytes back in time', () => {
    const ring = new EventRing<ReturnType<typeof event>>(30);
    ring.push(event('7001', 1), 10);
    ring.forget('7001');
    ring.push(event('7001', 2), 10);
    expect(ring.replay('7001', 1, 1, 2).complete).toBe(false);
    for (let seq = 3; seq <= 6; seq += 1) ring.push(event('7001', seq), 10);
    expect(ring.bytes).toBe(30);
    expect(ring.replay('7001', 1, 4, 6).complete).toBe(true);
  });
});
