import fc from 'fast-check';
import { makeRequest } from '../message/make.js';
import { StreamFramer } from './stream-framer.js';

const message = (body: string) => makeRequest({ method: 'MESSAGE', uri: 'sip:a@b', headers: [['Via', 'SIP/2.0/TCP h;branch=z9hG4bK1'], ['Call-ID', 'c']], body }).serialize();

/** What comes out of the stream: messages, errors and pings in their order, and whether it was closed. */
function frame(pieces: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const framer = new StreamFramer({
    onMessage: (each) => seen.push(each.ok ? each.value.serialize() : each.error.code),
    onPing: () => seen.push('ping'),
  });
  for (const piece of pieces) {
    if (framer.push(piece) === 'close') return [...seen, 'close'];
  }
  return seen;
}

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  let from = 0;
  for (const length of cuts) {
    cut.push(bytes.subarray(from, from + length));
    from = Math.min(bytes.length, from + length);
  }
  return [...cut, bytes.subarray(from)];
}

const bytewise = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

const body = fc.string({ unit: fc.oneof(fc.constantFrom('\r\n', '\r\n\r\n', 'Content-Length: 3\r\n', '\0', '\xff'), fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 })), maxLength: 30 });

it('cuts the same messages out whole, byte by byte, in any pieces, and with trailing bytes', () => {
  fc.assert(fc.property(fc.array(body, { maxLength: 5 }), fc.array(fc.nat(60), { maxLength: 40 }), fc.nat(200), (bodies, cuts, trailing) => {
    const messages = bodies.map(message);
    const bytes = Buffer.from(messages.join('\r\n'), 'latin1');
    expect(frame([bytes])).toEqual(messages);
    expect(frame(bytewise(bytes))).toEqual(messages);
    expect(frame(pieces(bytes, cuts))).toEqual(messages);
    const next = Buffer.from(message('next'), 'latin1');
    const part = next.subarray(0, Math.min(trailing, next.length - 1));
    expect(frame([Buffer.concat([bytes, Buffer.from('\r\n'), part])])).toEqual(messages);
    expect(frame([Buffer.concat([bytes, Buffer.from('\r\n'), part]), next.subarray(part.length)])).toEqual([...messages, next.toString('latin1')]);
  }), { seed: 42, numRuns: 300 });
});

it('does the same with any bytes, however they are cut', () => {
  const junk = fc.array(fc.oneof(
    fc.constantFrom('\r\n', '\n', '\r', '\r\n\r\n', 'Content-Length: 2', 'l:', 'l: -1', 'SIP/2.0 200 OK\r\n', 'BYE sip:a SIP/2.0\r\n', 'Via: x\r\n', ' ', '12'),
    fc.string({ unit: 'binary-ascii', maxLength: 4 }),
    body.map(message),
  ), { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
  fc.assert(fc.property(junk, fc.array(fc.nat(30), { maxLength: 40 }), (bytes, cuts) => {
    const whole = frame([bytes]);
    expect(frame(bytewise(bytes))).toEqual(whole);
    expect(frame(pieces(bytes, cuts))).toEqual(whole);
  }), { seed: 42, numRuns: 2_000 });
});

it('costs no more than its bytes when they come one by one', () => {
  const bytes = bytewise(Buffer.from(`MESSAGE sip:a SIP/2.0\r\n${'X: y\r\n'.repeat(200)}Content-Length: 50000\r\n\r\n${'b'.repeat(50_000)}`));
  const started = process.cpuUsage();
  expect(frame(bytes)).toHaveLength(1);
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(1_000);
});
