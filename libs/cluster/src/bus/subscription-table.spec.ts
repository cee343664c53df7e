import { SubscriptionTable } from './subscription-table.js';

describe('SubscriptionTable', () => {
  it('finds exact and wildcard subscriptions, and again after each change', () => {
    const table = new SubscriptionTable<string>();
    table.add('a.b', false, undefined, 'exact');
    expect(table.receivers('a.b').everyone).toEqual(['exact']);
    const removeAll = table.add('a.>', true, undefined, 'all');
    expect(table.receivers('a.b').everyone).toEqual(['exact', 'all']);
    const removeSecond = table.add('a.b', false, undefined, 'second');
    expect(table.receivers('a.b').everyone).toEqual(['exact', 'second', 'all']);
    removeAll();
    removeSecond();
    removeSecond();
    expect(table.receivers('a.b').everyone).toEqual(['exact']);
  });

  it('does not look at other subjects: ten thousand of them cost nothing', () => {
    const table = new SubscriptionTable<number>();
    for (let n = 0; n < 10_000; n += 1) table.add(`cb.dn.${n}.cmd`, false, undefined, n);
    const found = table.receivers('cb.dn.77.cmd');
    expect(found.everyone).toEqual([77]);
    expect(table.receivers('cb.dn.77.cmd')).toBe(found);
    table.add('cb.dn.78.cmd', false, undefined, -1);
    expect(table.receivers('cb.dn.77.cmd')).toBe(found);
  });

  it('puts members of one queue together whatever their patterns', () => {
    const table = new SubscriptionTable<string>();
    table.add('a.b', false, 'q', 'one');
    table.add('a.*', true, 'q', 'two');
    table.add('a.*', true, 'r', 'three');
    expect(table.receivers('a.b').groups.map(({ queue, members }) => [queue, members])).toEqual([
      ['q', ['one', 'two']], ['r', ['three']],
    ]);
  });
});
