import { compareClaims, epochAfter, epochAt, Hlc } from './hlc.js';

describe('epochAt', () => {
  it('is the step of 4 ms, and whose it is', () => {
    expect(epochAt(1_003.7, 7)).toBe(250 * 4_096 + 7);
  });

  it('is of one maker alone, and a safe integer until the year 2248', () => {
    const nowMs = Date.UTC(2248, 0);
    const epochs = [0, 1, 2, 4_095].map((maker) => epochAt(nowMs, maker));
    expect(new Set(epochs).size).toBe(4);
    expect(epochs.every(Number.isSafeInteger)).toBe(true);
    expect(epochs.map((epoch) => epoch % 4_096)).toEqual([0, 1, 2, 4_095]);
  });

  it('is so many steps later than what it must be above, whoever made that', () => {
    const above = epochAt(9_000, 4_095);
    expect(epochAt(5, 1, above)).toBe(epochAt(9_004, 1));
    expect(epochAt(5, 1, above, 2)).toBe(epochAt(9_008, 1));
    expect(epochAt(20_000, 1, above, 2)).toBe(epochAt(20_000, 1));
  });

  it('passes over what is no epoch', () => {
    for (const bad of [Number.NaN, Infinity, 2 ** 60, 1.5]) expect(epochAt(400, 3, bad)).toBe(100 * 4_096 + 3);
  });

  it('is followed by the next one of the same maker', () => {
    expect(epochAfter(epochAt(400, 3))).toBe(epochAt(404, 3));
  });
});

describe('Hlc', () => {
  it('grows when time stands still or goes back', () => {
    const hlc = new Hlc(3);
    expect([hlc.next(400), hlc.next(400), hlc.next(390)]).toEqual([100, 101, 102].map((step) => step * 4_096 + 3));
  });

  it('is greater than what it has seen, however far ahead', () => {
    const hlc = new Hlc(3);
    hlc.observe(9_000_000);
    hlc.observe(10);
    expect(hlc.next(5)).toBeGreaterThan(9_000_000);
  });

  it('passes over what is no epoch', () => {
    const hlc = new Hlc(3);
    for (const bad of [Number.NaN, Infinity, 2 ** 60, 1.5]) hlc.observe(bad);
    expect(hlc.last).toBe(0);
  });
});

describe('compareClaims', () => {
  it('prefers the higher epoch, then the greater node name', () => {
    expect(compareClaims({ epoch: 2, node: 'a' }, { epoch: 1, node: 'b' })).toBeGreaterThan(0);
    expect(compareClaims({ epoch: 1, node: 'a' }, { epoch: 1, node: 'b' })).toBeLessThan(0);
    expect(compareClaims({ epoch: 1, node: 'a' }, { epoch: 1, node: 'a' })).toBe(0);
  });
});
