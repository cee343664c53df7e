import { RateLimit } from './rate-limit.js';

describe('the rate limit', () => {
  it('admits so many queries of a source per second, and others beside it', () => {
    const limit = new RateLimit(2);
    expect([1, 2, 3].map(() => limit.admits('192.0.2.1', 1_000))).toEqual([true, true, false]);
    expect(limit.admits('192.0.2.2', 1_000)).toBe(true);
    expect(limit.admits('192.0.2.1', 2_000)).toBe(true);
  });

  it('holds a bounded number of sources: those beyond share one count', () => {
    const limit = new RateLimit(10);
    let refused = 0;
    for (let i = 0; i < 20_000; i += 1) if (!limit.admits(`source-${i}`, 1_000)) refused += 1;
    expect(refused).toBe(20_000 - 16_384 - 10);
  });
});
