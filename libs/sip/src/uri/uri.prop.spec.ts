import fc from 'fast-check';
import { escapeUser, parseUri, type SipUri, uriEquals } from './uri.js';

const uri = (text: string): SipUri => {
  const parsed = parseUri(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return parsed.value;
};

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const host = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')),
  fc.ipV4(), fc.ipV6().filter((each) => !each.includes('%')).map((each) => `[${each}]`),
);
const token = fc.stringMatching(/^[A-Za-z0-9\-.!*_+`'~]{1,8}$/);
const params = fc.uniqueArray(fc.tuple(fc.constantFrom('transport', 'user', 'ttl', 'lr', 'x', 'y'), fc.option(token, { nil: undefined })), { selector: ([name]) => name, maxLength: 4 });
const parts = fc.record({
  scheme: fc.constantFrom('sip', 'sips'), user: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { nil: undefined }),
  host, port: fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined }), params,
});
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;

const write = ({ scheme, user, host: name, port, params: list }: Parts): string => {
  const written = list.map(([key, value]) => (value === undefined ? `;${key}` : `;${key}=${value}`)).join('');
  return `${scheme}:${user === undefined ? '' : `${escapeUser(user)}@`}${name}${port === undefined ? '' : `:${port}`}${written}`;
};

it('reads what was written, part by part', () => {
  fc.assert(fc.property(parts, (given) => {
    const text = write(given);
    const read = uri(text);
    expect(read.text).toBe(text);
    expect([read.scheme, read.port, read.userName]).toEqual([given.scheme, given.port, Buffer.from(given.user ?? '', 'utf8').toString('latin1')]);
    expect(read.host).toBe(given.host.replace(/^\[|\]$/g, '').toLowerCase());
    expect(read.params.entries().map(([name, value]) => [name, value])).toEqual(given.params);
  }), { seed: 42, numRuns: 1_000 });
});

it('is equal to itself however it is spelled (RFC 3261 §19.1.4)', () => {
  fc.assert(fc.property(parts, (given) => {
    const text = write(given);
    const escaped = text.replace(/^(sips?:)([A-Za-z0-9])(?=.*@)/, (_, scheme: string, char: string) => `${scheme}%${char.charCodeAt(0).toString(16)}`);
    const reordered = write({ ...given, params: [...given.params].reverse() });
    for (const other of [text, escaped, reordered, text.replace(/^sip/, 'SIP'), given.user === undefined ? text.toUpperCase() : text]) {
      expect([text, other, uriEquals(uri(text), uri(other)), uriEquals(uri(other), uri(text))]).toEqual([text, other, true, true]);
    }
  }), { seed: 42, numRuns: 1_000 });
});

it('is another when host, port, user, scheme or transport is another', () => {
  fc.assert(fc.property(parts, parts, (one, other) => {
    const differ = one.host.toLowerCase() !== other.host.toLowerCase() || one.port !== other.port || one.user !== other.user || one.scheme !== other.scheme;
    const [a, b] = [uri(write(one)), uri(write(other))];
    expect(uriEquals(a, b)).toBe(uriEquals(b, a));
    if (differ) expect(uriEquals(a, b)).toBe(false);
    const plain = { ...one, params: [] };
    const byTcp: Parts = { ...one, params: [['transport', 'tcp']] };
    expect(uriEquals(uri(write(plain)), uri(write(byTcp)))).toBe(false);
  }), { seed: 42, numRuns: 1_000 });
});

it('throws at nothing', () => {
  const piece = fc.oneof(fc.constantFrom('sip:', 'sips:', 'tel:', '@', ':', ';', '?', '%', '%4', '[', ']', '=', '&', '<', '"', '\r\n'), fc.string({ unit: 'binary-ascii', maxLength: 4 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')), (text) => {
    const parsed = parseUri(text);
    if (!parsed.ok) return;
    const { value } = parsed;
    expect(value.text).toBe(text);
    expect(typeof value.userName + typeof value.hostPort + typeof value.transport).toMatch(/^stringstring(string|undefined)$/);
    expect(uriEquals(value, value)).toBe(true);
  }), { seed: 42, numRuns: 5_000 });
});
