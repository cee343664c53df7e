import { SeededEntropy } from './seeded-entropy.js';

const draw = (entropy: SeededEntropy): number[] => Array.from({ length: 20 }, () => entropy.uint32());

describe('SeededEntropy', () => {
  it('draws the same for the same seed, and something else for another', () => {
    expect(draw(new SeededEntropy(42))).toEqual(draw(new SeededEntropy(42)));
    expect(draw(new SeededEntropy(42))).not.toEqual(draw(new SeededEntropy(43)));
  });

  it('forks streams that do not depend on what else was drawn', () => {
    const one = new SeededEntropy(1);
    const other = new SeededEntropy(1);
    draw(other);
    expect(draw(one.fork('a'))).toEqual(draw(other.fork('a')));
    expect(draw(one.fork('a'))).not.toEqual(draw(one.fork('b')));
  });

  it('keeps its ranges', () => {
    const entropy = new SeededEntropy(7);
    const seen = new Set<number>();
    for (let i = 0; i < 2_000; i += 1) {
      const value = entropy.between(3, 6);
      expect(value >= 3 && value <= 6).toBe(true);
      seen.add(value);
      const fraction = entropy.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
    expect([...seen].sort()).toEqual([3, 4, 5, 6]);
    expect(entropy.hex(13)).toMatch(/^[0-9a-f]{13}$/);
    expect(entropy.bytes(5)).toHaveLength(5);
    expect(entropy.chance(0)).toBe(false);
    expect(entropy.chance(1)).toBe(true);
  });

  it('spreads evenly', () => {
    const entropy = new SeededEntropy(3);
    let sum = 0;
    for (let i = 0; i < 20_000; i += 1) sum += entropy.fraction();
    expect(sum / 20_000).toBeCloseTo(0.5, 1);
  });
});
