import { AffinityTable, FORGET_AFTER_MS } from './affinity-table.js';

describe('the affinity of DNs', () => {
  it('names the server that has calls of the DN until the last one ended', () => {
    const table = new AffinityTable();
    table.heard('7001', 'a', true, 0);
    expect(table.nodeOf('7001', 1)).toBe('a');
    expect(table.nodeOf('7002', 1)).toBeUndefined();
    table.heard('7001', 'a', false, 2);
    expect(table.nodeOf('7001', 3)).toBeUndefined();
  });

  it('is not ended by a server that is not the one', () => {
    const table = new AffinityTable();
    table.heard('7001', 'a', true, 0);
    table.heard('7001', 'b', true, 1);
    table.heard('7001', 'a', false, 2);
    expect(table.nodeOf('7001', 3)).toBe('b');
  });

  it('is forgotten when it is not repeated', () => {
    const table = new AffinityTable();
    table.heard('7001', 'a', true, 0);
    table.heard('7002', 'a', true, FORGET_AFTER_MS - 1);
    expect(table.nodeOf('7001', FORGET_AFTER_MS)).toBeUndefined();
    table.sweep(FORGET_AFTER_MS);
    expect(table.size).toBe(1);
  });
});
