import fc from 'fast-check';
import { parseMessage } from '../parser/parse-message.js';
import { type Source, stampMessage, type StampPolicy, stampVia } from './via-stamp.js';

/** The same by regular expressions, for texts without quotes. */
function plainStamp(via: string, source: Source, policy: StampPolicy) {
  const mark = `;rport=${source.port};received=${source.host}`;
  let text = via.replace(/;\s*received\s*=[^;]*/gi, '');
  const asked = /;\s*rport\s*(?=;|$)/i.test(text);
  if (policy === 'always') text = text.replace(/;\s*rport\s*=[^;]*/gi, '');
  if (asked) return { text: text.replace(/;\s*rport\s*(?=;|$)/i, mark), replyPort: undefined };
  const [, bracketed, name, port] = /^[^/]*\/[^/]*\/\s*\S*\s+(?:\[([^\]]*)\]|([^\s:;,]+))\s*(?::\s*(\d+))?/.exec(via) ?? [];
  const host = bracketed ?? name;
  const sentByPort = Number(port ?? 5060);
  const replyPort = host === undefined || sentByPort === source.port ? undefined : sentByPort;
  return { text: policy === 'always' ? text + mark : host === source.host ? text : `${text};received=${source.host}`, replyPort };
}

const space = fc.constantFrom('', ' ', '\t', '\r\n ');
const host = fc.constantFrom('192.0.2.7', 'h.example', '[2001:db8::1]', 'x_y');
const parameter = fc.tuple(space, fc.constantFrom('rport', 'RPORT', 'rport=5', 'rport = 9', 'received=192.0.2.9', 'Received =[::1]', 'branch=z9hG4bK1', 'rportx', 'receivedx=1', 'ttl=1'), space)
  .map((parts) => `;${parts.join('')}`);
const via = fc.tuple(space, space, host, fc.constantFrom('', ':5060', ' : 5070', ':4711'), fc.array(parameter, { maxLength: 5 }))
  .map(([a, b, at, port, params]) => `SIP${a}/${b}2.0${a}/${b}UDP ${at}${port}${params.join('')}`.trimEnd());
const source = fc.record({ host: fc.constantFrom('192.0.2.7', '2001:db8::1'), port: fc.constantFrom(4711, 5060) });
const policy = fc.constantFrom<StampPolicy>('asked', 'always');

it('does what regular expressions do', () => {
  fc.assert(fc.property(via, source, policy, (text, from, how) => expect(stampVia(text, from, how)).toEqual(plainStamp(text, from, how))), { seed: 42, numRuns: 5_000 });
});

it('says the truth once, whatever the sender said, and lets quoted text alone', () => {
  const quoted = fc.constantFrom('', ';x=";rport;received=1"', ';y="\\";rport"');
  fc.assert(fc.property(via, quoted, source, (text, more, from) => {
    const stamped = stampMessage(`OPTIONS sip:x SIP/2.0\r\nVia: ${text}${more}\r\nCall-ID: 1\r\n\r\n`, from, 'always');
    const read = parseMessage(stamped.text);
    if (!read.ok) throw new Error(read.error.message);
    const { params } = read.value.topVia;
    const told = (name: string) => params.entries().filter(([key]) => key === name).map(([, value]) => value);
    expect([told('received'), told('rport').filter((value) => value !== undefined)]).toEqual([[from.host], [String(from.port)]]);
    if (more !== '') expect(stamped.text).toContain(more);
  }), { seed: 42, numRuns: 2_000 });
});

it('throws at nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), source, policy, (text, from, how) => {
    expect(typeof stampVia(text, from, how).text).toBe('string');
    expect(typeof stampMessage(`X\r\nVia: ${text}`, from, how).text).toBe('string');
  }), { seed: 42, numRuns: 3_000 });
});
