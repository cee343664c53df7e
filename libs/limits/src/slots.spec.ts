import fc from 'fast-check';
import { dnisCounter, ghostsCounter } from './counters.js';
import { type CallSlot, formatSlots, isWay, parseSlots, wayTake } from './slots.js';

const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' });
const take = fc.oneof(
  name.map((each) => ({ counter: dnisCounter(each) })), name.map((each) => ({ counter: ghostsCounter(each) })),
  fc.array(name, { minLength: 1, maxLength: 20 }).map(wayTake),
);
const slot: fc.Arbitrary<CallSlot> = fc.record({ id: fc.stringMatching(/^[\w.@-]{1,40}$/), takes: fc.array(take, { maxLength: 5 }) });

describe('the slots of a call in a header', () => {
  it('are read as they were written, whatever queues and numbers are called', () => {
    fc.assert(fc.property(slot, (each) => {
      expect(formatSlots(each)).toMatch(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/);
      expect(parseSlots(formatSlots(each))).toEqual(each);
    }));
  });

  it('are short', () => {
    const slots = { id: '5a31@192.0.2.9', takes: [{ counter: dnisCounter('5000') }, wayTake(['VQ 1', '5000'])] };
    expect(formatSlots(slots)).toBe('5a31@192.0.2.9 dnis:5000 way:5000,VQ%201');
    expect(slots.takes.map(isWay)).toEqual([false, true]);
    expect(slots.takes[1]?.until).toEqual(['waiting:5000', 'talking:5000', 'waiting:VQ%201', 'talking:VQ%201']);
  });

  it.each(['', ' ', 'id\u0000', 'id other:5000', 'id waiting:5000', 'id dnis:a\tb', 'id way:%zz', `id ${'dnis:1 '.repeat(301)}`, `${'x'.repeat(129)} dnis:1`])(
    'are nothing where they are malformed: %j', (text) => {
      expect(parseSlots(text)).toBeUndefined();
    });

  it('never throw', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      parseSlots(text);
    }));
  });
});
