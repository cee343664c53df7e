import fc from 'fast-check';
import { makeRequest } from '../message/make.js';
import { StreamFramer } from './stream-framer.js';

const message = (body: string) => makeRequest({ method: 'MESSAGE', uri: 'sip:a@b', headers: [['Via', 'SIP/2.0/TCP h;branch=z9hG4bK1'], ['Call-ID', 'c']], body }).serialize();

function collect() {
  const seen: string[] = [];
  let pings = 0;
  const framer = new StreamFramer({
    onMessage: (each) => seen.push(each.ok ? each.value.body : each.error.code),
    onPing: () => { pings += 1; },
  });
  return { framer, seen, pings: () => pings };
}

it('cuts the same messages out, however the bytes come', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary-ascii' }), { maxLength: 6 }), fc.array(fc.nat(40)), (bodies, cuts) => {
    const bytes = Buffer.from(bodies.map(message).join('\r\n'), 'latin1');
    const { framer, seen } = collect();
    let from = 0;
    for (const cut of cuts) {
      expect(framer.push(bytes.subarray(from, from + cut))).toBe('ok');
      from = Math.min(bytes.length, from + cut);
    }
    framer.push(bytes.subarray(from));
    expect(seen).toEqual(bodies);
  }));
});

it('reports keep-alives between messages', () => {
  const { framer, seen, pings } = collect();
  framer.push(Buffer.from(`\r\n\r\n${message('a')}\r\n\r\n`));
  expect([seen, pings()]).toEqual([['a'], 2]);
});

it.each([
  ['MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nCall-ID: c\r\nContent-Length: -1\r\n\r\n'],
  ['MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nCall-ID: c\r\nl: 99999999\r\n\r\n'],
  ['x'.repeat(70_000)],
])('gives up when the end of a message cannot be known', (text) => {
  const { framer, seen } = collect();
  expect(framer.push(Buffer.from(text))).toBe('close');
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatch(/^SIP_PARSE_/);
});
