import { fuzzMessages, fuzzTlibLines } from './fuzz.js';

describe('mutated input', () => {
  it('never breaks the SIP reader, and some of it stays good', () => {
    const good = fuzzMessages(1, 20_000);
    expect(good).toBeGreaterThan(100);
    expect(good).toBeLessThan(20_000);
  });

  it('never breaks the T-Library reader, and some of it stays good', () => {
    const good = fuzzTlibLines(1, 20_000);
    expect(good).toBeGreaterThan(100);
    expect(good).toBeLessThan(20_000);
  });

  it('is the same for the same seed', () => expect(fuzzMessages(7, 500)).toBe(fuzzMessages(7, 500)));
});
