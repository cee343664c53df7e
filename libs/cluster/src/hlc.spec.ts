import { compareClaims, Hlc } from './hlc.js';

describe('Hlc', () => {
  it('is the time of day times 1024', () => {
    expect(new Hlc().next(1_000.7)).toBe(1_024_000);
  });

  it('grows when time stands still or goes back', () => {
    const hlc = new Hlc();
    expect([hlc.next(5), hlc.next(5), hlc.next(3)]).toEqual([5_120, 5_121, 5_122]);
  });

  it('is greater than what it has seen, however far ahead', () => {
    const hlc = new Hlc();
    hlc.observe(9_000_000);
    hlc.observe(10);
    expect(hlc.next(5)).toBe(9_000_001);
  });

  it('passes over what is no epoch', () => {
    const hlc = new Hlc();
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
