import { VirtualClock } from '#simulation';
import { SLICE_MS, Withheld, WITHHELD_MAX } from './withheld.js';

describe('what waits at a closed fence', () => {
  const stand = () => {
    const gate = { open: false };
    const failures: unknown[] = [];
    const done: string[] = [];
    const clock = new VirtualClock();
    // Work takes time on this one.
    const slow = { workedMs: 0, nowMs: () => clock.nowMs() + slow.workedMs, setTimer: clock.setTimer.bind(clock) };
    const withheld = new Withheld(() => gate.open, (error) => void failures.push(error), slow);
    const hold = (way: 'in' | 'out', name: string, then: () => void = () => {}) => withheld.hold(way, (passed) => {
      done.push(`${name} ${passed ? 'passed' : 'dropped'}`);
      then();
    });
    return { gate, withheld, hold, done, failures, clock, slow };
  };

  it('passes in its order once the fence is open, first what was to go out', () => {
    const { gate, withheld, hold, done } = stand();
    hold('in', 'in 1');
    hold('out', 'out 1');
    hold('in', 'in 2');
    hold('out', 'out 2');
    withheld.release();
    expect(done).toEqual([]);
    gate.open = true;
    withheld.release();
    expect([done, withheld.waiting, withheld.total]).toEqual([['out 1 passed', 'out 2 passed', 'in 1 passed', 'in 2 passed'], 0, 4]);
  });

  it('waits on when the fence closes meanwhile', () => {
    const { gate, withheld, hold, done } = stand();
    hold('in', 'in 1', () => { gate.open = false; });
    hold('in', 'in 2');
    gate.open = true;
    withheld.release();
    expect([done, withheld.waiting]).toEqual([['in 1 passed'], 1]);
    withheld.drop();
    expect([done.at(-1), withheld.waiting]).toEqual(['in 2 dropped', 0]);
  });

  it('takes so much, and each way for itself', () => {
    const { withheld, hold } = stand();
    for (let i = 0; i < WITHHELD_MAX; i += 1) hold('in', 'in');
    expect([hold('in', 'more'), hold('out', 'out'), withheld.waiting]).toEqual([false, true, WITHHELD_MAX + 1]);
  });

  it('passes in slices, so that other things get their turn; who comes meanwhile stands behind', async () => {
    const { gate, withheld, hold, done, clock, slow } = stand();
    const work = (): void => {
      slow.workedMs += SLICE_MS;
      expect(withheld.isBefore).toBe(false);
    };
    for (const name of ['in 1', 'in 2', 'in 3']) hold('in', name, work);
    gate.open = true;
    withheld.release();
    withheld.release();
    expect([done, withheld.isBefore]).toEqual([['in 1 passed'], true]);
    hold('in', 'in 4', work);
    hold('out', 'out 1', work);
    await clock.advance(0);
    await clock.advance(1);
    expect([done.length, withheld.isBefore]).toEqual([5, false]);
    expect(done.slice(1)).toEqual(['out 1 passed', 'in 2 passed', 'in 3 passed', 'in 4 passed']);
  });

  it('passes at once when soon nothing may', async () => {
    const { gate, withheld, hold, done, clock, slow } = stand();
    for (const name of ['out 1', 'out 2', 'out 3']) hold('out', name, () => { slow.workedMs += SLICE_MS; });
    gate.open = true;
    withheld.release();
    withheld.releaseAll();
    expect(done).toEqual(['out 1 passed', 'out 2 passed', 'out 3 passed']);
    await clock.advance(1);
    expect(done.length).toBe(3);
  });

  it('goes on after one that fails', () => {
    const { gate, withheld, hold, done, failures } = stand();
    hold('out', 'bad', () => { throw new Error('bad'); });
    hold('out', 'good');
    gate.open = true;
    withheld.release();
    expect([done, failures]).toEqual([['bad passed', 'good passed'], [new Error('bad')]]);
  });
});
