import { CountingMeter } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { Target } from '../transport/port.js';
import { parseUri } from '../uri/uri.js';
import type { AnyOutcome, DnsLookup, DnsType, SrvRecord } from './dns.js';
import { SipResolver, type SipResolverOptions } from './sip-resolver.js';
import { orderSrv } from './srv-order.js';

const naptr = (order: number, preference: number, service: string, replacement: string) => ({ order, preference, flags: 's', service, replacement });
const srv = (priority: number, weight: number, target: string, port = 5060) => ({ priority, weight, port, target });

/** Answers from a table; what is not in it does not exist. `hold` keeps answers back until `release`. */
class Zone {
  readonly asked: string[] = [];
  hold = false;
  ttlS = 60;
  readonly #held: (() => void)[] = [];

  constructor(readonly records: Record<string, readonly unknown[] | 'failed'>) {}

  get dns(): DnsLookup {
    const look = (type: DnsType) => (name: string, done: (outcome: never) => void) => this.#answer(`${type} ${name}`, done as (outcome: AnyOutcome) => void);
    return { naptr: look('naptr'), srv: look('srv'), a: look('a'), aaaa: look('aaaa') };
  }

  release(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  #answer(key: string, done: (outcome: AnyOutcome) => void): void {
    this.asked.push(key);
    const found = this.records[key];
    const outcome = found === 'failed' ? { kind: 'failed', reason: 'test' } as const
      : found === undefined ? { kind: 'none', ttlS: 30 } as const
        : { kind: 'found', records: found, ttlS: this.ttlS } as AnyOutcome;
    if (this.hold) this.#held.push(() => done(outcome));
    else done(outcome);
  }
}

function bench(records: Zone['records'], options: SipResolverOptions = {}) {
  const zone = new Zone(records);
  const clock = new VirtualClock();
  const resolver = new SipResolver({ dns: zone.dns, clock, entropy: new SeededEntropy(3), meter: new CountingMeter() }, {
    transports: ['udp', 'tcp', 'tls'], ...options,
  });
  const text = ({ transport, host, port, serverName }: Target) => `${transport} ${host}:${port}${serverName === undefined ? '' : ` as ${serverName}`}`;
  const resolve = (uri: string): string[] => {
    const parsed = parseUri(uri);
    if (!parsed.ok) throw new Error(parsed.error.message);
    let answer: string[] | undefined;
    resolver.resolve(parsed.value, (targets, failed) => {
      expect(answer).toBeUndefined();
      answer = failed ? ['failed'] : targets.map(text);
    });
    return answer ?? ['waiting'];
  };
  return { zone, clock, resolver, resolve };
}

const CLUSTER = {
  'naptr sip.test': [naptr(10, 20, 'SIP+D2T', '_sip._tcp.sip.test'), naptr(10, 10, 'SIP+D2U', '_sip._udp.sip.test')],
  'srv _sip._udp.sip.test': [srv(200, 50, 'far.test', 5060), srv(10, 50, 'near.test', 5062)],
  'srv _sip._tcp.sip.test': [srv(10, 50, 'near.test', 5063)],
  'a near.test': ['192.0.2.1'], 'a far.test': ['192.0.2.2', '192.0.2.3'], 'a sip.test': ['192.0.2.9'],
  'aaaa near.test': ['2001:db8::1'],
};

describe('SipResolver (RFC 3263)', () => {
  it.each([
    ['an address', 'sip:a@192.0.2.7', ['udp 192.0.2.7:5060']],
    ['an address with port and transport', 'sip:a@192.0.2.7:5070;transport=tcp', ['tcp 192.0.2.7:5070']],
    ['an IPv6 address', 'sip:a@[2001:db8::7]', ['udp 2001:db8::7:5060']],
    ['sips', 'sips:a@192.0.2.7', ['tls 192.0.2.7:5061']],
    ['sips with transport=tcp', 'sips:a@192.0.2.7;transport=tcp', ['tls 192.0.2.7:5061']],
    ['localhost', 'sip:a@localhost:5080', ['udp 127.0.0.1:5080']],
    ['maddr', 'sip:a@sip.test;maddr=192.0.2.8', ['udp 192.0.2.8:5060']],
  ])('%s needs no DNS', (_name, uri, targets) => {
    const { zone, resolve } = bench({});
    expect(resolve(uri)).toEqual(targets);
    expect(zone.asked).toEqual([]);
  });

  it('NAPTR, then SRV by priority, then addresses; the other transport last', () => {
    const { resolve } = bench(CLUSTER);
    expect(resolve('sip:a@sip.test')).toEqual(['udp 192.0.2.1:5062', 'udp 192.0.2.2:5060', 'udp 192.0.2.3:5060', 'tcp 192.0.2.1:5063']);
  });

  it('a transport in the URI skips NAPTR', () => {
    const { zone, resolve } = bench(CLUSTER);
    expect(resolve('sip:a@sip.test;transport=tcp')).toEqual(['tcp 192.0.2.1:5063']);
    expect(zone.asked[0]).toBe('srv _sip._tcp.sip.test');
  });

  it('a port in the URI skips SRV (§4.2)', () => {
    const { zone, resolve } = bench(CLUSTER);
    expect(resolve('sip:a@sip.test:5099')).toEqual(['udp 192.0.2.9:5099']);
    expect(zone.asked).toEqual(['a sip.test']);
  });

  it('no NAPTR: SRV of each transport in our order', () => {
    const { 'naptr sip.test': _, ...rest } = CLUSTER;
    expect(bench(rest).resolve('sip:a@sip.test')[3]).toBe('tcp 192.0.2.1:5063');
    expect(bench(rest, { transports: ['tcp', 'udp'] }).resolve('sip:a@sip.test')[0]).toBe('tcp 192.0.2.1:5063');
  });

  it('no SRV either: the address of the name', () => {
    expect(bench({ 'a sip.test': ['192.0.2.9'] }).resolve('sip:a@sip.test')).toEqual(['udp 192.0.2.9:5060']);
    expect(bench({ 'a sip.test': ['192.0.2.9'] }).resolve('sips:a@sip.test')).toEqual(['tls 192.0.2.9:5061 as sip.test']);
  });

  it('sips takes TLS services only, and wants the certificate of the name asked for (RFC 5922)', () => {
    const { resolve } = bench({ ...CLUSTER, 'srv _sips._tcp.sip.test': [srv(1, 1, 'near.test', 5061)] });
    expect(resolve('sips:a@sip.test')).toEqual(['tls 192.0.2.1:5061 as sip.test']);
  });

  it('sips follows the SIPS service of a NAPTR (§4.1)', () => {
    const records = { 'naptr sip.test': [naptr(10, 10, 'SIPS+D2T', '_sips._tcp.other.test')], 'srv _sips._tcp.other.test': [srv(1, 1, 'near.test', 5071)], 'a near.test': ['192.0.2.1'] };
    expect(bench(records).resolve('sips:a@sip.test')).toEqual(['tls 192.0.2.1:5071 as sip.test']);
    expect(bench(records, { transports: ['udp', 'tcp'] }).resolve('sips:a@sip.test')).toEqual([]);
    expect(bench({ 'a sip.test': ['192.0.2.9'] }, { transports: ['udp', 'tcp'] }).resolve('sips:a@sip.test:5061')).toEqual([]);
  });

  it('SRV "." means that there is no such service (RFC 2782)', () => {
    expect(bench({ 'srv _sip._udp.sip.test': [srv(0, 0, '.')], 'a sip.test': ['192.0.2.9'] }).resolve('sip:a@sip.test')).toEqual([]);
  });

  it('asks for IPv6 only when told', () => {
    expect(bench(CLUSTER, { ipv6: true }).resolve('sip:a@near.test:5060')).toEqual(['udp 192.0.2.1:5060', 'udp 2001:db8::1:5060']);
  });

  it('a target without an address does not hide the others', () => {
    const { 'a near.test': _, ...rest } = CLUSTER;
    expect(bench(rest).resolve('sip:a@sip.test')).toEqual(['udp 192.0.2.2:5060', 'udp 192.0.2.3:5060']);
  });

  it('tells "leads nowhere" from "nobody answered"', () => {
    expect(bench({}).resolve('sip:a@sip.test')).toEqual([]);
    expect(bench({ 'a sip.test': 'failed' }).resolve('sip:a@sip.test:5060')).toEqual(['failed']);
  });

  it('a transport that we do not have leads nowhere', () => {
    expect(bench(CLUSTER, { transports: ['udp'] }).resolve('sip:a@sip.test;transport=tcp')).toEqual([]);
    expect(bench(CLUSTER, { transports: ['udp'] }).resolve('sips:a@192.0.2.1')).toEqual([]);
  });
});

describe('cache (DNS-17)', () => {
  it('asks once per TTL, and once however many wait', () => {
    const { zone, clock, resolve } = bench({ 'a h.test': ['192.0.2.1'] });
    zone.hold = true;
    resolve('sip:h.test:5060');
    resolve('sip:h.test:5060');
    zone.release();
    zone.hold = false;
    clock.skip(59_999);
    expect(resolve('sip:h.test:5060')).toEqual(['udp 192.0.2.1:5060']);
    expect(zone.asked).toHaveLength(1);
    clock.skip(1);
    resolve('sip:h.test:5060');
    expect(zone.asked).toHaveLength(2);
  });

  it('remembers what does not exist, for a shorter time', () => {
    const { zone, clock, resolve } = bench({});
    resolve('sip:h.test:5060');
    clock.skip(29_999);
    resolve('sip:h.test:5060');
    expect(zone.asked).toHaveLength(1);
    clock.skip(1);
    zone.records['a h.test'] = ['192.0.2.1'];
    expect(resolve('sip:h.test:5060')).toEqual(['udp 192.0.2.1:5060']);
  });

  it('goes on with the old answer while the nameservers are silent (RFC 8767), and takes the new one', () => {
    const { zone, clock, resolve } = bench({ 'a h.test': ['192.0.2.1'] });
    resolve('sip:h.test:5060');
    clock.skip(60_000);
    zone.records['a h.test'] = 'failed';
    expect(resolve('sip:h.test:5060')).toEqual(['udp 192.0.2.1:5060']);
    zone.records['a h.test'] = ['192.0.2.2'];
    clock.skip(1000);
    expect(resolve('sip:h.test:5060')).toEqual(['udp 192.0.2.2:5060']);
  });

  it('does not go on for ever', () => {
    const { zone, clock, resolve } = bench({ 'a h.test': ['192.0.2.1'] });
    resolve('sip:h.test:5060');
    zone.records['a h.test'] = 'failed';
    clock.skip(60_000 + 3_600_000);
    expect(resolve('sip:h.test:5060')).toEqual(['failed']);
  });

  it('a failure is asked again after a second', () => {
    const { zone, clock, resolve } = bench({ 'a h.test': 'failed' });
    resolve('sip:h.test:5060');
    resolve('sip:h.test:5060');
    expect(zone.asked).toHaveLength(1);
    clock.skip(1000);
    resolve('sip:h.test:5060');
    expect(zone.asked).toHaveLength(2);
  });

  it('is bounded, and the operator can empty it', () => {
    const { zone, resolver, resolve } = bench({}, { cache: { entriesMax: 2 } });
    for (const name of ['a', 'b', 'c', 'a']) resolve(`sip:${name}.test:5060`);
    expect(zone.asked).toHaveLength(4);
    resolver.flush();
    resolve('sip:a.test:5060');
    expect(zone.asked).toHaveLength(5);
  });
});

describe('targets that failed (DNS-05, DNS-17)', () => {
  const near: Target = { transport: 'udp', host: '192.0.2.1', port: 5062 };

  it('are tried last for a bounded time, and stay in the list', () => {
    const { clock, resolver, resolve } = bench(CLUSTER);
    resolver.targetFailed(near);
    expect(resolve('sip:a@sip.test')).toEqual(['udp 192.0.2.2:5060', 'udp 192.0.2.3:5060', 'tcp 192.0.2.1:5063', 'udp 192.0.2.1:5062']);
    clock.skip(30_000);
    expect(resolve('sip:a@sip.test')[0]).toBe('udp 192.0.2.1:5062');
  });

  it('are welcome again as soon as they work', () => {
    const { resolver, resolve } = bench(CLUSTER);
    resolver.targetFailed(near);
    resolver.targetWorked(near);
    expect(resolve('sip:a@sip.test')[0]).toBe('udp 192.0.2.1:5062');
  });

  it('never empty the list', () => {
    const { resolver, resolve } = bench({});
    resolver.targetFailed({ transport: 'udp', host: '192.0.2.7', port: 5060 });
    expect(resolve('sip:a@192.0.2.7')).toEqual(['udp 192.0.2.7:5060']);
  });
});

describe('orderSrv (RFC 2782)', () => {
  /** How often each target came first in 10,000 draws. */
  const firsts = (records: readonly SrvRecord[]): Record<string, number> => {
    const entropy = new SeededEntropy(11);
    const counts: Record<string, number> = Object.fromEntries(records.map(({ target }) => [target, 0]));
    for (let i = 0; i < 10_000; i += 1) {
      const ordered = orderSrv(records, () => entropy.uint32());
      expect(new Set(ordered).size).toBe(records.length);
      const first = ordered[0]?.target ?? '';
      counts[first] = (counts[first] ?? 0) + 1;
    }
    return counts;
  };

  it.each([
    ['70, 20, 10', { a: 70, b: 20, c: 10 }], ['1, 1', { a: 1, b: 1 }], ['1, 2, 1', { a: 1, b: 2, c: 1 }], ['50, 50', { a: 50, b: 50 }], ['all 0', { a: 0, b: 0, c: 0 }],
    ['65535, 32768', { a: 65_535, b: 32_768 }],
  ])('splits 10,000 look-ups by the weights %s within 5 %% (DNS-04)', (_name, weights: Record<string, number>) => {
    const names = Object.keys(weights);
    const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
    const counts = firsts([...names.map((name) => srv(10, weights[name] as number, name)), srv(20, 100, 'later')]);
    expect(counts['later']).toBe(0);
    for (const name of names) {
      const expected = 10_000 * (sum === 0 ? 1 / names.length : (weights[name] as number) / sum);
      expect(Math.abs((counts[name] ?? 0) - expected) / expected).toBeLessThan(0.05);
    }
  });

  it('gives weight 0 a small chance beside others', () => {
    const { zero = 0 } = firsts([srv(1, 100, 'full'), srv(1, 0, 'zero')]);
    expect(zero).toBeGreaterThan(50);
    expect(zero).toBeLessThan(150);
  });
});
