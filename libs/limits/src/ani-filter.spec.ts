import fc from 'fast-check';
import { codeOf } from './ani-columns.js';
import { AniFilter } from './ani-filter.js';
import { shardOfCode } from './ani-shard.js';

const code = fc.integer({ min: 1, max: 4_999_999_999_999_999 });

const codeOfLine = (n: number): number => codeOf('number', `+8150${10_000_000 + n}`)!;

describe('AniFilter', () => {
  it('knows all that was added, until the shard is cleared', () => {
    fc.assert(fc.property(fc.array(code, { maxLength: 50 }), code, (codes, other) => {
      const filter = new AniFilter();
      for (const each of codes) filter.add(shardOfCode(each), each);
      for (const each of codes) expect(filter.mayHave(shardOfCode(each), each)).toBe(true);
      filter.clear(shardOfCode(other));
      expect(filter.mayHave(shardOfCode(other), other)).toBe(false);
      for (const each of codes) if (shardOfCode(each) !== shardOfCode(other)) expect(filter.mayHave(shardOfCode(each), each)).toBe(true);
    }), { numRuns: 30 });
  });

  it('takes few others for them, those in the same row too', () => {
    const filter = new AniFilter();
    for (let n = 0; n < 500_000; n += 1) filter.add(shardOfCode(codeOfLine(n)), codeOfLine(n));
    let taken = 0;
    for (let n = 500_000; n < 600_000; n += 1) if (filter.mayHave(shardOfCode(codeOfLine(n)), codeOfLine(n))) taken += 1;
    expect(taken).toBeLessThan(6_000);
  });
});
