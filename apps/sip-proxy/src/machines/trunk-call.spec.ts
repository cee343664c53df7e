import { formatSlots, parseSlots } from '#limits';
import fc from 'fast-check';
import { slotId } from './trunk-call.js';

/** What a lenient parser lets through is as much, and as little, a Call-ID as what RFC 3261 allows. */
const anyText = fc.oneof(fc.string({ unit: fc.constantFrom('a', '1', '/', '@', '.', '-', '~', ' ', '\n', '%'), maxLength: 130 }), fc.stringMatching(/^[\w.@-]{1,130}$/));

describe('the id of a call\'s slots', () => {
  it('says Call-ID and tag where they are plain', () => {
    expect(slotId('a84b4c76e66710@192.0.2.7', '1928301774')).toBe('1928301774/a84b4c76e66710@192.0.2.7');
    expect(slotId('a84b4c76e66710')).toBe('/a84b4c76e66710');
  });

  it('is a hash where they are long or have other characters', () => {
    for (const [callId, tag] of [['a'.repeat(88), 't'], ['a', 't'.repeat(41)], ['a b', 't'], ['a', 't/u']] as const) expect(slotId(callId, tag)).toMatch(/^[\w-]{43}$/);
  });

  it('goes with an INVITE and comes out as it was', () => {
    fc.assert(fc.property(anyText, anyText, (callId, tag) => {
      const id = slotId(callId, tag);
      expect(parseSlots(formatSlots({ id, takes: [] }))).toEqual({ id, takes: [] });
    }));
  });

  it('is another one for another Call-ID or tag', () => {
    const pair = fc.tuple(anyText, anyText);
    fc.assert(fc.property(pair, pair, ([callId, tag], [otherCallId, otherTag]) => {
      fc.pre(callId !== otherCallId || tag !== otherTag);
      expect(slotId(callId, tag)).not.toBe(slotId(otherCallId, otherTag));
    }));
  });
});
