import { Withheld, WITHHELD_MAX } from './withheld.js';

describe('what waits at a closed fence', () => {
  const stand = () => {
    const gate = { open: false };
    const failures: unknown[] = [];
    const done: string[] = [];
    const withheld = new Withheld(() => gate.open, (error) => void failures.push(error));
    const hold = (way: 'in' | 'out', name: string, then: () => void = () => {}) => withheld.hold(way, (passed) => {
      done.push(`${name} ${passed ? 'passed' : 'dropped'}`);
      then();
    });
    return { gate, withheld, hold, done, failures };
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

  it('goes on after one that fails', () => {
    const { gate, withheld, hold, done, failures } = stand();
    hold('out', 'bad', () => { throw new Error('bad'); });
    hold('out', 'good');
    gate.open = true;
    withheld.release();
    expect([done, failures]).toEqual([['bad passed', 'good passed'], [new Error('bad')]]);
  });
});
