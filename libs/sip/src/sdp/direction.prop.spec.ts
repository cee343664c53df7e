import fc from 'fast-check';
import { answerDirection, type Direction, directionsOf, isHold, withDirection, withNextVersion } from './direction.js';

const direction = fc.constantFrom<Direction>('sendrecv', 'sendonly', 'recvonly', 'inactive');
const line = fc.oneof(
  fc.constantFrom('v=0', 'o=- 1 2 IN IP4 h', 's=-', 'c=IN IP4 192.0.2.1', 'c=IN IP6 ::', 't=0 0', 'm=audio 4000 RTP/AVP 0', 'm=video 0 RTP/AVP 9', 'a=rtpmap:0 PCMU/8000', '', 'm=', 'a='),
  direction.map((each) => `a=${each}`),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
);
const sdp = fc.array(fc.tuple(line, fc.constantFrom('\r\n', '\n')), { maxLength: 15 }).map((lines) => lines.map((each) => each.join('')).join(''));
const isDirection = (text: string): boolean => /^a=(sendrecv|sendonly|recvonly|inactive)[ \t]*\r?$/.test(text);
const others = (text: string): string[] => text.split('\n').filter((each) => !isDirection(each) && each !== '');

it('touches direction lines and nothing else, whatever the rest is', () => {
  fc.assert(fc.property(sdp, direction, (text, wanted) => {
    const changed = withDirection(text, wanted);
    expect(others(changed)).toEqual(others(text));
    expect(withDirection(changed, wanted)).toBe(changed);
    const streams = text.split('\n').filter((each) => each.startsWith('m=')).length;
    expect(changed.split('\n').filter(isDirection)).toHaveLength(streams === 0 ? text.split('\n').filter(isDirection).length : streams);
  }), { seed: 42, numRuns: 1_000 });
});

it('reads and changes any text without throwing', () => {
  fc.assert(fc.property(fc.oneof(sdp, fc.string({ unit: 'binary', maxLength: 80 })), direction, (text, wanted) => {
    expect(directionsOf(text).every((each) => answerDirection(answerDirection(each)) === each)).toBe(true);
    expect(typeof isHold(text)).toBe('boolean');
    expect(withNextVersion(withDirection(text, wanted)).length).toBeGreaterThanOrEqual(0);
  }), { seed: 42, numRuns: 1_000 });
});
