import fc from 'fast-check';
import { TimerWheel } from './timer-wheel.js';

it('fires what is due, never early, in order of time, and nothing that was cancelled', () => {
  fc.assert(fc.property(
    fc.array(fc.record({ dueMs: fc.nat(2_000), cancel: fc.boolean() }), { maxLength: 200 }),
    fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 30 }),
    (timers, steps) => {
      const wheel = new TimerWheel();
      const fired: { dueMs: number; atMs: number }[] = [];
      let nowMs = 0;
      for (const { dueMs, cancel } of timers) {
        const timer = wheel.add(dueMs, () => fired.push({ dueMs, atMs: nowMs }));
        if (cancel) timer.cancel();
      }
      for (const step of [...steps, 3_000]) {
        nowMs += step;
        wheel.run(nowMs);
      }
      expect(fired.length).toBe(timers.filter((timer) => !timer.cancel).length);
      expect(wheel.live).toBe(0);
      for (const { dueMs, atMs } of fired) expect(atMs).toBeGreaterThanOrEqual(dueMs);
      const slots = fired.map(({ dueMs }) => Math.ceil(dueMs / 8));
      expect(slots).toEqual([...slots].sort((a, b) => a - b));
    },
  ));
});

it('fires a timer that another one sets for now in the same run', () => {
  const wheel = new TimerWheel();
  let fired = 0;
  wheel.add(8, () => wheel.add(8, () => { fired += 1; }));
  expect(wheel.run(8)).toBeUndefined();
  expect(fired).toBe(1);
});

it('fires nothing that another one of the same time has cancelled, and what stands behind it', () => {
  const wheel = new TimerWheel();
  const fired: string[] = [];
  wheel.add(8, () => {
    fired.push('first');
    second.cancel();
    last.cancel();
  });
  const second = wheel.add(8, () => { fired.push('second'); });
  wheel.add(8, () => { fired.push('third'); });
  const last = wheel.add(8, () => { fired.push('last'); });
  expect(wheel.run(8)).toBeUndefined();
  expect(fired).toEqual(['first', 'third']);
});

it('says when it is due next, and that it is idle', () => {
  let idle = 0;
  const wheel = new TimerWheel(() => { idle += 1; });
  const timer = wheel.add(100, () => {});
  expect(wheel.run(50)).toBe(104);
  timer.cancel();
  timer.cancel();
  expect(idle).toBe(1);
});

it('has nothing to wake up for once the last live timer fired, however many were cancelled', () => {
  const wheel = new TimerWheel();
  wheel.add(3_600_000, () => {}).cancel();
  wheel.add(100, () => {});
  expect(wheel.run(104)).toBeUndefined();
  wheel.add(200, () => {});
  expect(wheel.run(150)).toBe(200);
});
