import { VirtualClock } from './virtual-clock.js';

describe('VirtualClock', () => {
  it('stands still until it is told to move', () => {
    const clock = new VirtualClock(100);
    expect(clock.nowMs()).toBe(100);
    clock.skip(50);
    expect(clock.nowMs()).toBe(150);
  });

  it('fires timers in order of their time, then of their setting, each at its own time', () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    for (const [name, delayMs] of [['c', 30], ['a', 10], ['b', 20], ['b2', 20]] as const) {
      clock.setTimer(delayMs, () => fired.push(`${name}@${clock.nowMs()}`));
    }
    clock.skip(25);
    expect(fired).toEqual(['a@10', 'b@20', 'b2@20']);
    clock.skip(25);
    expect(fired).toEqual(['a@10', 'b@20', 'b2@20', 'c@30']);
  });

  it('does not fire what was cancelled, also by a timer of the same moment', () => {
    const clock = new VirtualClock(0);
    const fired: string[] = [];
    clock.setTimer(10, () => {
      fired.push('first');
      second.cancel();
    });
    const second = clock.setTimer(10, () => fired.push('second'));
    const third = clock.setTimer(5, () => fired.push('third'));
    third.cancel();
    clock.skip(20);
    expect(fired).toEqual(['first']);
  });

  it('fires timers that timers set, within the same move', () => {
    const clock = new VirtualClock(0);
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    clock.skip(100);
    expect(ticks).toBe(10);
  });

  it('lets promises settle between two timers', async () => {
    const clock = new VirtualClock(0);
    const order: string[] = [];
    clock.setTimer(10, () => {
      order.push('first');
      void Promise.resolve().then(() => Promise.resolve()).then(() => order.push('its promise'));
    });
    clock.setTimer(10, () => order.push('second'));
    await clock.advance(10);
    expect(order).toEqual(['first', 'its promise', 'second']);
  });

  it('keeps its order with thousands of timers', () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    for (let i = 0; i < 5_000; i += 1) {
      const dueMs = (i * 7_919) % 5_003;
      clock.setTimer(dueMs, () => fired.push(dueMs));
    }
    clock.skip(6_000);
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    expect(fired).toHaveLength(5_000);
    expect(clock.nextDueMs()).toBeUndefined();
  });
});
