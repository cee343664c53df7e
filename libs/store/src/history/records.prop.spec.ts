import fc from 'fast-check';
import { call } from './contract.js';
import { type HistoryRecord, recordOf, recordText, wins } from './records.js';

const record = fc.record({ version: fc.nat(3), dns: fc.array(fc.constantFrom('1', '2', 'ü', '\u{1f600}', '\uffff')), connID: fc.constantFrom('a', 'b') })
  .map((more) => call('k', 1, more));
const best = (records: readonly HistoryRecord[]): HistoryRecord => records.reduce((held, next) => (wins(next, held) ? next : held));

describe('which version of a record stands', () => {
  it('does not depend on the order in which they come', () => {
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.integer(), (records, turn) => {
      const other = [...records.slice(turn % records.length), ...records.slice(0, turn % records.length)].reverse();
      expect(recordText(best(records))).toBe(recordText(best(other)));
    }));
  });

  it('is a matter of content, not of the order of keys', () => {
    fc.assert(fc.property(record, (each) => {
      const shuffled = Object.fromEntries(Object.entries(each).reverse()) as unknown as HistoryRecord;
      expect(recordText(shuffled)).toBe(recordText(each));
      expect(recordOf(recordText(each))).toEqual(each);
    }));
  });
});
