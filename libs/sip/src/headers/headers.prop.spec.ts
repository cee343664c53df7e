import fc from 'fast-check';
import { parseCSeq } from './cseq.js';
import { splitList } from './list.js';
import { parseNameAddr } from './name-addr.js';
import { Params, quote, unquote } from './params.js';
import { parseVia } from './via.js';

const RUNS = { seed: 42, numRuns: 1_000 };
const token = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,10}$/);
const blank = fc.constantFrom('', ' ', '\t', '  ');
const byte = fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f).map((code) => String.fromCharCode(code));
const quoted = fc.array(byte, { maxLength: 12 }).map((bytes) => quote(bytes.join('')));
const parameter = fc.tuple(token, fc.option(fc.oneof(token, quoted), { nil: undefined }), blank, blank);
const params = fc.uniqueArray(parameter, { selector: ([name]) => name.toLowerCase(), maxLength: 5 });
type Parameter = readonly [name: string, value: string | undefined, before: string, after: string];

const writeParams = (list: readonly Parameter[]): string =>
  list.map(([name, value, before, after]) => `;${before}${name}${after}${value === undefined ? '' : `=${before}${value}`}`).join('');
const expectParams = (read: Params, list: readonly Parameter[]): void => {
  expect(read.entries()).toEqual(list.map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, value] of list) expect(new Params(read.text).get(name.toLowerCase())).toBe(value ?? '');
};
const host = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/), fc.ipV4(), fc.ipV6().filter((each) => !each.includes('%')).map((each) => `[${each}]`));

it('parameters: names without case, values with their quotes, in order', () => {
  fc.assert(fc.property(params, (list) => expectParams(new Params(writeParams(list)), list)), RUNS);
});

it('a quoted string comes back as it was', () => {
  fc.assert(fc.property(fc.array(byte).map((bytes) => bytes.join('')), (text) => expect(unquote(quote(text))).toBe(text)), RUNS);
});

it('Via: protocol, sent-by and parameters', () => {
  fc.assert(fc.property(fc.constantFrom('UDP', 'tcp', 'TLS', 'x-new'), host, fc.option(fc.nat(65_535), { nil: undefined }), params, blank, (protocol, sentBy, port, list, space) => {
    const text = `SIP${space}/${space}2.0${space}/${space}${protocol} ${space}${sentBy}${port === undefined ? '' : `:${port}`}${writeParams(list)}`;
    const via = parseVia(text.trim());
    if (!via.ok) throw new Error(`${text}: ${via.error.message}`);
    expect([via.value.transport, via.value.port]).toEqual([protocol.toUpperCase(), port]);
    expect(via.value.sentBy).toBe(`${sentBy.toLowerCase()}${port === undefined ? '' : `:${port}`}`);
    expectParams(via.value.params, list.map(([name, value, before, after]) => [name, value?.trim(), before, after]));
  }), RUNS);
});

it('name-addr: display name, URI and parameters', () => {
  const display = fc.oneof(fc.constant(''), quoted, fc.array(token, { maxLength: 3 }).map((words) => words.join(' ')));
  fc.assert(fc.property(display, host, params, blank, (name, at, list, space) => {
    const uri = `sip:a,b;c@${at};x?y=z,1`;
    const read = parseNameAddr(`${name}${space}<${uri}>${writeParams(list)}`);
    if (!read.ok) throw new Error(read.error.message);
    expect([read.value.display, read.value.uriText]).toEqual([unquote(name), uri]);
    expectParams(read.value.params, list);
    expect(parseNameAddr(String(read.value))).toMatchObject({ ok: true, value: { uriText: uri } });
  }), RUNS);
});

it('a list is taken apart where it was put together', () => {
  const element = fc.oneof(token, quoted, fc.tuple(host, quoted).map(([at, text]) => `<sip:a,b@${at}>;x=${text}`));
  fc.assert(fc.property(fc.array(element, { minLength: 1, maxLength: 6 }), blank, (elements, space) => {
    expect(splitList(elements.join(`${space},${space}`))).toEqual(elements);
  }), RUNS);
});

it('CSeq: numbers below 2^31 and a method', () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), token, (seq, method) => expect(parseCSeq(`${seq} ${method}`)).toEqual({ ok: true, value: { seq, method } })), RUNS);
  fc.assert(fc.property(fc.integer({ min: 2 ** 31, max: Number.MAX_SAFE_INTEGER }), token, (seq, method) => expect(parseCSeq(`${seq} ${method}`).ok).toBe(false)), RUNS);
});

it('nothing throws', () => {
  const piece = fc.oneof(fc.constantFrom('"', '\\', '<', '>', ';', '=', ',', ':', 'SIP/2.0/UDP ', 'sip:a@b', ' ', '[', ']'), fc.string({ unit: 'binary-ascii', maxLength: 3 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')), (text) => {
    for (const parse of [parseVia, parseNameAddr, parseCSeq]) expect(typeof parse(text).ok).toBe('boolean');
    expect(splitList(text).length).toBeGreaterThan(0);
    expect(Array.isArray(new Params(`;${text}`).entries())).toBe(true);
    expect(['string', 'undefined']).toContain(typeof new Params(text).get('x'));
  }), { seed: 42, numRuns: 5_000 });
});
