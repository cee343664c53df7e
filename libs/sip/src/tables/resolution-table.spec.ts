import { literalAddress, type ResolutionEffect, Rfc3263Resolution } from '../resolver/rfc3263.js';
import type { AnyOutcome, DnsQuestion } from '../resolver/dns.js';
import type { Target } from '../transport/port.js';
import { parseUri } from '../uri/uri.js';
import { tableRows } from './testing.js';

const naptr = (preference: number, service: string, replacement: string) => ({ order: 10, preference, flags: 's', service, replacement });
const srv = (priority: number, target: string, port: number) => ({ priority, weight: 1, port, target });

const ZONE: Readonly<Record<string, readonly unknown[]>> = {
  'naptr sip.test': [naptr(20, 'SIP+D2T', '_sip._tcp.sip.test'), naptr(10, 'SIP+D2U', '_sip._udp.sip.test')],
  'srv _sip._udp.sip.test': [srv(200, 'far.test', 5060), srv(10, 'near.test', 5062)],
  'srv _sip._tcp.sip.test': [srv(10, 'near.test', 5063)],
  'srv _sips._tcp.sip.test': [srv(10, 'near.test', 5061)],
  'srv _sip._udp.closed.test': [srv(0, '.', 0)],
  'a near.test': ['192.0.2.1'], 'a far.test': ['192.0.2.2'], 'a sip.test': ['192.0.2.9'], 'a bare.test': ['192.0.2.9'],
};
const NAMES: Readonly<Record<string, string>> = { '192.0.2.1': 'near', '192.0.2.2': 'far' };

const told = ({ transport, host, port }: Target): string => `${transport} ${NAMES[host] ?? host}:${port}`;

function answerTo({ type, name }: DnsQuestion): AnyOutcome {
  if (name.endsWith('silent.test')) return { kind: 'failed', reason: 'silent' };
  const records = ZONE[`${type} ${name}`];
  return records === undefined ? { kind: 'none', ttlS: 5 } : { kind: 'found', records, ttlS: 5 } as AnyOutcome;
}

function resolve(text: string): { questions: string[]; targets: string[] } {
  const parsed = parseUri(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const { scheme, host, port, transport } = parsed.value;
  const machine = new Rfc3263Resolution({
    host, port, secure: scheme === 'sips', transport: transport === 'udp' || transport === 'tcp' || transport === 'tls' ? transport : undefined,
  }, { transports: ['udp', 'tcp', 'tls'], ipv6: false, draw: () => 0 });
  const out: ResolutionEffect[] = [];
  machine.start(out);
  const questions: string[] = [];
  for (const effect of out) {
    if (effect.kind === 'done') return { questions, targets: effect.failed ? ['failed'] : effect.targets.map(told) };
    questions.push(`${effect.question.type} ${effect.question.name}`);
    machine.onAnswer(effect.question, answerTo(effect.question), out);
  }
  throw new Error('the resolution does not end');
}

it.each(tableRows('sip-machines.md', 'Resolution'))('Resolution: %s', (uri, questions, targets) => {
  const list = (cell: string): string[] => (cell === '' ? [] : cell.split(', '));
  expect(resolve(uri as string)).toEqual({ questions: list(questions as string), targets: list(targets as string) });
});

it('asks nothing for an address', () => expect(literalAddress('192.0.2.7')).toBe('192.0.2.7'));
