import fc from 'fast-check';
import { makeRequest, parseMessage } from '#sip';
import { kv, type KVList } from '#tlib';
import { userDataHeaders } from './user-data-headers.js';

const ALL = { prefix: 'X-Genesys-', filter: ['*'] };

describe('user data as headers', () => {
  it('encodes what is no plain text, names too', () => {
    expect(userDataHeaders(kv({ Segment: 'gold', Count: 3, 'two words': 'ä; b, "c"', 'a%': '100%' }), ALL)).toEqual({
      headers: [['X-Genesys-Segment', 'gold'], ['X-Genesys-Count', '3'], ['X-Genesys-two%20words', '%C3%A4%3B%20b%2C%20%22c%22'], ['X-Genesys-a%25', '100%25']],
      left: 0,
    });
  });

  it.each([
    [[], []], [['b'], ['b']], [['a*'], ['a', 'ab']], [['*'], ['a', 'b', 'ab']],
  ])('the filter %j lets %j through', (filter, expected) => {
    const { headers } = userDataHeaders(kv({ a: 1, b: 2, ab: 3 }), { ...ALL, filter });
    expect(headers.map(([name]) => name.slice('X-Genesys-'.length))).toEqual(expected);
  });

  it('says nothing in the name of the switch, and leaves lists and what does not fit', () => {
    const data = kv({ CallUUID: 'x', 'geo-location': 'dc9', list: { a: 1 }, '': 'x', long: 'y'.repeat(9_000), short: 'z' });
    expect(userDataHeaders(data, ALL)).toEqual({ headers: [['X-Genesys-short', 'z']], left: 5 });
    const many: KVList = Array.from({ length: 150 }, (_, i) => [`k${i}`, 'v']);
    expect(userDataHeaders(many, ALL)).toMatchObject({ left: 50 });
    expect(userDataHeaders([['a', 'x'.repeat(7_000)], ['b', 'x'.repeat(7_000)], ['c', 'x'.repeat(7_000)]], ALL)).toMatchObject({ left: 1 });
  });

  it('keeps a key that stands twice', () => {
    expect(userDataHeaders([['a', '1'], ['a', '2']], ALL).headers).toEqual([['X-Genesys-a', '1'], ['X-Genesys-a', '2']]);
  });

  it('never makes anything but headers of that prefix, and can be read back', () => {
    const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('a\r\nVia: x', '\r\n\r\nbody', 'a: b', ' ', '%0d%0a', 'Ⓐ'));
    fc.assert(fc.property(fc.array(fc.tuple(anyText, fc.oneof(anyText, fc.integer())), { maxLength: 20 }), (pairs) => {
      const { headers, left } = userDataHeaders(pairs, ALL);
      expect(headers.length + left).toBe(pairs.length);
      const request = makeRequest({
        method: 'OPTIONS', uri: 'sip:a@b.example',
        headers: [['Max-Forwards', '70'], ['From', '<sip:a@b.example>;tag=1'], ['To', '<sip:a@b.example>'], ['Call-ID', 'x'], ['CSeq', '1 OPTIONS'], ...headers],
      });
      const parsed = parseMessage(request.bytes);
      expect(parsed.ok).toBe(true);
      const lines = request.bytes.split('\r\n').filter((line) => line.startsWith('X-Genesys-'));
      expect(lines).toHaveLength(headers.length);
      expect(request.bytes.split('\r\n').filter((line) => line !== '' && !line.startsWith('X-Genesys-'))).toHaveLength(request.bytes.split('\r\n').length - lines.length - 2);
      const back = lines.map((line) => /^X-Genesys-([^:]*): (.*)$/.exec(line)!.slice(1).map((part) => decodeURIComponent(part)));
      const wellFormed = pairs.filter(([key]) => key !== '' && !/^(calluuid|route|geo-location|strict-location|callinfo)$/i.test(key));
      expect(back).toEqual(wellFormed.map(([key, value]) => [Buffer.from(key).toString(), Buffer.from(String(value)).toString()]));
    }));
  });
});
