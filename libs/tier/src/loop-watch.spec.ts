import { CountingMeter } from '#kernel';
import { VirtualClock } from '#simulation';
import { LoopWatch } from './loop-watch.js';

/** A clock whose owner may stand still: what was due meanwhile fires late. */
class HaltingClock extends VirtualClock {
  #haltedMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.#haltedMs;
  }

  halt(ms: number): void {
    this.#haltedMs += ms;
  }
}

function watched() {
  const clock = new HaltingClock();
  const meter = new CountingMeter();
  const watch = new LoopWatch(clock, meter);
  const heard: number[] = [];
  const stop = watch.watch((lateMs) => heard.push(lateMs));
  watch.start();
  return { clock, meter, watch, heard, stop, worst: () => meter.value('event_loop_late_ms') };
}

describe('LoopWatch', () => {
  it('tells a sample each 50 ms, which is 0 while timers fire in time', () => {
    const { clock, heard, worst } = watched();
    clock.skip(200);
    expect(heard).toEqual([0, 0, 0, 0]);
    expect(worst()).toBe(0);
  });

  it('knows that it is late before the sample comes, and tells it then', () => {
    const { clock, watch, heard, worst } = watched();
    clock.halt(750);
    expect(watch.overdueMs()).toBe(700);
    clock.skip(50);
    expect(heard).toEqual([750]);
    expect(watch.overdueMs()).toBe(0);
    expect(worst()).toBe(750);
  });

  it('shows a standstill for 15 s at least, and not for ever', () => {
    const { clock, worst } = watched();
    clock.halt(750);
    clock.skip(15_000);
    expect(worst()).toBe(750);
    clock.skip(16_000);
    expect(worst()).toBe(0);
  });

  it('tells nothing to who has left, and sets no timer once it is closed', () => {
    const { clock, watch, heard, stop } = watched();
    stop();
    clock.skip(100);
    expect(heard).toEqual([]);
    watch.close();
    expect(clock.nextDueMs()).toBeUndefined();
    expect(watch.overdueMs()).toBe(0);
  });

  it('may be closed by who hears it', () => {
    const { clock, watch } = watched();
    watch.watch(() => watch.close());
    clock.skip(50);
    expect(clock.nextDueMs()).toBeUndefined();
  });
});
