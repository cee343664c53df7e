import fc from 'fast-check';
import { parseMessage } from '../parser/parse-message.js';
import { checkMessage, repairCSeq } from './check-message.js';
import { makeResponse } from './make.js';
import type { SipMessage, SipRequest } from './message.js';

const token = fc.stringMatching(/^[A-Za-z0-9\-.!*_+`'~]{1,8}$/);
const blank = fc.constantFrom('', ' ', '\t ');
const fold = fc.constantFrom(' ', ' ', '\t', '\r\n ', ' \r\n\t');
/** Any bytes that may stand in a line: UTF-8 parts, quotes, separators; no control that ends it. */
const word = fc.array(fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f), { minLength: 1, maxLength: 8 }).map((codes) => String.fromCharCode(...codes));
const unknown = fc.tuple(fc.constantFrom('X-One', 'x-one', 'X-Two', 'Subject', 's', 'Allow', 'P-Unknown'), fc.array(word, { maxLength: 4 }), fold);

interface Line { readonly name: string; readonly value: string; readonly raw: string }

const line = (name: string, value: string, before = '', folded = value): Line => ({ name, value, raw: `${name}${before}: ${folded}\r\n` });

const lines = fc.record({
  branch: token, tag: token, callId: token, seq: fc.nat(2 ** 31 - 1), body: fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  vias: fc.integer({ min: 1, max: 3 }), compact: fc.boolean(), before: blank, display: fc.constantFrom('', '"B \\"o\\" b," ', 'J\xc3\xbcrgen '), extra: fc.array(unknown, { maxLength: 5 }),
}).map(({ branch, tag, callId, seq, body, vias, compact, before, display, extra }) => {
  const name = (long: string, short: string): string => (compact ? short : long);
  return {
    branch, tag, callId, seq, body, vias, display,
    lines: [
      ...Array.from({ length: vias }, (_, at) => line(name('Via', 'v'), `SIP/2.0/UDP h${at};branch=z9hG4bK${branch}${at}`, before)),
      line(name('From', 'f'), `${display}<sip:a@b>;tag=${tag}`, before),
      line(name('To', 't'), '<sip:c@d>', before),
      ...extra.map(([header, words, folded]) => line(header, words.join(' '), before, words.join(folded))),
      line(name('Call-ID', 'i'), callId, before),
      line('CSEQ', `${seq} INFO`, before, `${seq}\r\n INFO`),
      line(name('Content-Length', 'l'), String(body.length), before),
    ],
  };
});
type Sample = typeof lines extends fc.Arbitrary<infer T> ? T : never;

const write = ({ lines: all, body }: Sample): string => `INFO sip:c@d SIP/2.0\r\n${all.map(({ raw }) => raw).join('')}\r\n${body}`;

function request(text: string): SipRequest {
  const parsed = parseMessage(text);
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error(parsed.ok ? 'a response' : parsed.error.message);
  return parsed.value;
}

const LONG: Readonly<Record<string, string>> = { v: 'via', f: 'from', t: 'to', i: 'call-id', l: 'content-length', s: 'subject' };
const known = (name: string): string => LONG[name.toLowerCase()] ?? name.toLowerCase();

it('reads every value that was written, and writes every byte that was read', () => {
  fc.assert(fc.property(lines, (sample) => {
    const text = write(sample);
    const read = request(text);
    expect(read.serialize()).toBe(text);
    expect(checkMessage(read)).toBeUndefined();
    expect([read.callId, read.cseq, read.body, read.from.tag, read.vias.length]).toEqual([sample.callId, { seq: sample.seq, method: 'INFO' }, sample.body, sample.tag, sample.vias]);
    for (const { name } of sample.lines) {
      const expected = sample.lines.filter((each) => known(each.name) === known(name)).map(({ value }) => value);
      expect(read.headers(name).map((value) => value.replace(/[ \t]+/g, ' '))).toEqual(expected);
    }
    const response = makeResponse(read, 200, undefined, { toTag: 'x' });
    expect([response.callId, response.cseq, response.from.tag, response.to.tag, response.vias.length]).toEqual([sample.callId, read.cseq, sample.tag, 'x', sample.vias]);
  }), { seed: 42, numRuns: 1_000 });
});

type Step = readonly [what: 'prepend' | 'append' | 'replace' | 'remove', name: string, value: string];
const step = fc.tuple(fc.constantFrom('prepend', 'append', 'replace', 'remove'), fc.constantFrom('Via', 'X-One', 'Subject', 'X-New', 'Max-Forwards'), token) as fc.Arbitrary<Step>;

/** The same edit on a list of lines, as slow and plain as can be. */
function editLines(all: readonly Line[], [what, name, value]: Step): Line[] {
  const is = (each: Line): boolean => known(each.name) === known(name);
  const first = all.findIndex(is);
  const made = line(name, value);
  switch (what) {
    case 'prepend': return all.toSpliced(Math.max(first, 0), 0, made);
    case 'append': return [...all, made];
    case 'replace': return first === -1 ? [...all, made] : all.flatMap((each, at) => (at === first ? [made] : is(each) ? [] : [each]));
    case 'remove': return all.filter((each) => !is(each));
  }
}

it('edits lines and leaves the others byte for byte', () => {
  fc.assert(fc.property(lines, fc.array(step, { maxLength: 8 }), (sample, steps) => {
    const edit = request(write(sample)).edit();
    let model: Line[] = sample.lines;
    for (const each of steps) {
      const [what, name, value] = each;
      if (what === 'remove') edit.remove(name);
      else edit[what](name, value);
      model = editLines(model, each);
    }
    expect(edit.serialize()).toBe(write({ ...sample, lines: model }));
  }), { seed: 42, numRuns: 1_000 });
});

/** Everything that decodes. */
function touch(message: SipMessage): unknown[] {
  const { vias, topVia, from, to, contacts, routes, recordRoutes, cseq, body, callId, contentType, isStarContact } = message;
  return [vias, topVia.sentBy, from.display, to.tag, contacts.map(String), routes, recordRoutes, cseq, body, callId, contentType, isStarContact, message.values('Allow')];
}

it('throws at nothing that may come, and what is accepted can be edited and answered', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'INVITE sip:a@b SIP/2.0\r\n', 'SIP/2.0 200 OK\r\n', 'Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n', 'From: <sip:a@b>;tag=1\r\n', 'To: <sip:a@b>\r\n', 'Call-ID: 1\r\n',
      'CSeq: 1 INVITE\r\n', 'l: 3\r\n', 'Contact: *\r\n', '\r\n', '\r', '\n', ' ', ':', ',', '"', '<', '\0', 'Route: ', 'm: ',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 5 }),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join('')), (text) => {
    const parsed = parseMessage(text);
    const message = parsed.ok ? parsed.value : parsed.error.partial;
    if (message === undefined) return;
    touch(message);
    if (message.kind === 'request') expect(makeResponse(message, 400).status).toBe(400);
    if (!parsed.ok) return;
    const problem = checkMessage(message);
    expect(message.edit().prepend('Via', 'SIP/2.0/UDP p').removeFirst('Route').build().kind).toBe(message.kind);
    if (problem === undefined && message.kind === 'request') expect(repairCSeq(message).cseq.method).toBe(message.method);
  }), { seed: 42, numRuns: 5_000 });
});
