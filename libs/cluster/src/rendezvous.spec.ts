import { rendezvous } from './rendezvous.js';

const nodes = ['sc1', 'sc2', 'sc3', 'sc4'];
const keys = Array.from({ length: 4_000 }, (_, n) => String(7_000 + n));

describe('rendezvous', () => {
  it('picks none of none, and the only one of one', () => {
    expect(rendezvous('7001', [])).toBeUndefined();
    expect(rendezvous('7001', ['sc1'])).toBe('sc1');
  });

  it('does not depend on the order of the candidates', () => {
    for (const key of keys.slice(0, 200)) expect(rendezvous(key, nodes)).toBe(rendezvous(key, [...nodes].reverse()));
  });

  it('spreads keys evenly', () => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(rendezvous(key, nodes) as string, (counts.get(rendezvous(key, nodes) as string) ?? 0) + 1);
    for (const node of nodes) expect(counts.get(node)).toBeGreaterThan(850);
  });

  it('moves only the keys of the one that left', () => {
    const left = nodes.filter((node) => node !== 'sc2');
    for (const key of keys) {
      const before = rendezvous(key, nodes);
      if (before !== 'sc2') expect(rendezvous(key, left)).toBe(before);
    }
  });
});
