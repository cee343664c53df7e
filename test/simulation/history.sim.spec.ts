import { runHistory } from './history.js';

const OPTIONS = { minutes: 2, calls: 40 };

describe('a cluster with loss, delay, doubles and pauses', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16])('keeps every invariant: seed %i', async (seed) => {
    const { tally } = await runHistory(seed, OPTIONS);
    expect(tally.connected).toBeGreaterThan(5);
  }, 30_000);

  it('makes the same history of the same seed', async () => {
    const [first, again, other] = [await runHistory(3, OPTIONS), await runHistory(3, OPTIONS), await runHistory(4, OPTIONS)];
    expect(again).toEqual(first);
    expect(other.history.traceHash).not.toBe(first.history.traceHash);
  }, 60_000);
});
