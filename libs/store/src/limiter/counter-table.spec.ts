import { check, takesOf } from './contract.js';
import { CounterTable, isFull } from './counter-table.js';

const claim = { checks: [check('x', 1)], takes: takesOf('x', 'y') };

describe('CounterTable', () => {
  it('looks up the counters of a claim once', () => {
    const table = new CounterTable();
    const resolved = table.resolve(claim);
    expect(table.resolve(claim)).toBe(resolved);
    expect(resolved.entered).toEqual([table.find('x'), table.find('y')]);
  });

  it('drops empty counters when there are too many of all, and looks them up anew then', () => {
    const table = new CounterTable(2);
    table.resolve(claim).entered[0]?.set('c1', 100);
    table.of('z');
    table.trim(50);
    expect([table.size, table.find('x')?.size, table.find('y'), table.find('z')]).toEqual([1, 1, undefined, undefined]);
    const [asked] = table.resolve(claim).asked;
    expect(isFull(asked!, 'c2', 50)).toBe(true);
    expect(isFull(asked!, 'c2', 100)).toBe(false);
  });

  it('keeps as many again before it looks through full ones again', () => {
    const table = new CounterTable(2);
    for (const name of ['a', 'b', 'c']) table.of(name).set('c1', 100);
    table.trim(0);
    for (const name of ['d', 'e', 'f']) table.of(name);
    table.trim(0);
    expect(table.size).toBe(6);
    table.of('g');
    table.trim(0);
    expect(table.size).toBe(3);
  });
});
