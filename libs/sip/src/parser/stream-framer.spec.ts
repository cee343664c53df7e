import { makeRequest } from '../message/make.js';
import { DEFAULT_LIMITS } from './limits.js';
import { StreamFramer } from './stream-framer.js';

const REQUEST = 'MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nCall-ID: c\r\n';
const message = (body: string) => makeRequest({ method: 'MESSAGE', uri: 'sip:a@b', headers: [['Via', 'SIP/2.0/TCP h;branch=z9hG4bK1'], ['Call-ID', 'c']], body }).serialize();

function collect() {
  const seen: string[] = [];
  let pings = 0;
  const framer = new StreamFramer({
    onMessage: (each) => seen.push(each.ok ? each.value.body : `${each.error.code} ${each.error.statusHint}${each.error.partial === undefined ? '' : ' answerable'}`),
    onPing: () => { pings += 1; },
  });
  return { seen, pings: () => pings, push: (text: string) => framer.push(Buffer.from(text, 'latin1')) };
}

describe('keep-alives (RFC 5626 §3.5.1)', () => {
  it('are reported between messages', () => {
    const { push, seen, pings } = collect();
    push(`\r\n\r\n${message('a')}\r\n\r\n\r\n\r\n${message('b')}`);
    expect([seen, pings()]).toEqual([['a', 'b'], 3]);
  });

  it('are heard when they come in pieces', () => {
    const { push, pings } = collect();
    for (const byte of '\r\n\r\n') push(byte);
    push('\r\n');
    push('\r\n');
    expect(pings()).toBe(2);
  });

  it('a line end alone is none, and no part of what follows', () => {
    const { push, seen, pings } = collect();
    push('\r\n');
    push(message('a'));
    push(`\r\n${message('b')}`);
    expect([seen, pings()]).toEqual([['a', 'b'], 0]);
  });
});

describe('gives up, and answers what it can, when the end of a message cannot be known', () => {
  it.each([
    ['no Content-Length', `${REQUEST}\r\n`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['a negative one', `${REQUEST}Content-Length: -1\r\n\r\n`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['one that overflows', `${REQUEST}Content-Length: 4294967296\r\n\r\n`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['an empty one', `${REQUEST}Content-Length:\r\n\r\n`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['two that differ', `${REQUEST}Content-Length: 0\r\nl: 4\r\n\r\nabcd`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['two that agree', `${REQUEST}Content-Length: 4\r\nl: 4\r\n\r\nabcd`, 'SIP_PARSE_CONTENT_LENGTH 400 answerable'],
    ['one above the limit', `${REQUEST}l: 99999999\r\n\r\n`, 'SIP_PARSE_TOO_LARGE 513 answerable'],
    ['headers without an end', REQUEST + 'X: y\r\n'.repeat(20_000), 'SIP_PARSE_TOO_LARGE 513 answerable'],
    ['noise without an end', 'x'.repeat(70_000), 'SIP_PARSE_TOO_LARGE 513'],
    ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'SIP_PARSE_START_LINE 400'],
    ['a response', 'SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h\r\nCall-ID: c\r\n\r\n', 'SIP_PARSE_CONTENT_LENGTH 400'],
    ['an ACK', `${REQUEST.replace('MESSAGE', 'ACK')}\r\n`, 'SIP_PARSE_CONTENT_LENGTH 400'],
  ])('%s', (_name, text, outcome) => {
    const { push, seen } = collect();
    expect(push(text)).toBe('close');
    expect(seen).toEqual([outcome]);
    expect(push(message('late'))).toBe('close');
    expect(seen).toHaveLength(1);
  });
});

describe('goes on after a message that is wrong but ends', () => {
  const wrong = (headers: string, body = '') => `${REQUEST}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
  it.each([
    ['a header line that is none', wrong('nonsense\r\n'), 'SIP_PARSE_HEADER_LINE 400 answerable'],
    ['a line above the limit', wrong(`X: ${'y'.repeat(DEFAULT_LIMITS.line)}\r\n`), 'SIP_PARSE_TOO_LARGE 513 answerable'],
    ['too many lines', wrong('X: y\r\n'.repeat(DEFAULT_LIMITS.headers)), 'SIP_PARSE_TOO_LARGE 513 answerable'],
    ['a body above the limit', wrong('', 'x'.repeat(DEFAULT_LIMITS.body + 1)), 'SIP_PARSE_TOO_LARGE 413 answerable'],
    ['a URI above the limit', wrong('').replace('sip:a@b', `sip:${'a'.repeat(DEFAULT_LIMITS.uri)}@b`), 'SIP_PARSE_TOO_LARGE 414 answerable'],
  ])('%s', (_name, text, outcome) => {
    const { push, seen } = collect();
    expect(push(text + message('next'))).toBe('ok');
    expect(seen).toEqual([outcome, 'next']);
  });
});

it.each([
  ['folded', 'Content-Length:\r\n 4\r\n'], ['compact, blanks before the colon', 'l  : 4\r\n'], ['leading zeros, other case', 'CONTENT-length: 0004  \r\n'],
  ['beside a header that only looks like it', 'Content-Language: 9\r\nContent-Length: 4\r\nLength: 8\r\n'],
])('reads a Content-Length that is %s', (_name, line) => {
  const { push, seen } = collect();
  expect(push(`${REQUEST}${line}\r\nabcd${message('next')}`)).toBe('ok');
  expect(seen).toEqual(['abcd', 'next']);
});

it('ends headers where the reader ends them: at the first empty line, also of bare line feeds', () => {
  const { push, seen } = collect();
  push(`${REQUEST.replaceAll('\r\n', '\n')}Content-Length: 4\n\nl: 9${message('next')}`);
  expect(seen).toEqual(['l: 9', 'next']);
});
