import { AddressList } from './address-list.js';
import { FloodGuard, sourceOf, SOURCES_MAX } from './flood-guard.js';

const BAN_MS = 60_000;
const guardOf = (rules: { burst?: number; ratePerS?: number; trusted?: string[] } = {}): FloodGuard =>
  new FloodGuard({ burst: rules.burst ?? 10, ratePerS: rules.ratePerS ?? 5, banMs: BAN_MS, exempt: new AddressList(rules.trusted ?? [], 'trusted-peers') });
const passed = (guard: FloodGuard, host: string, count: number, atMs: number): number =>
  Array.from({ length: count }, () => guard.counts(host, atMs)).filter(Boolean).length;

describe('a flood guard', () => {
  it('lets a burst through and bans whoever goes on', () => {
    const guard = guardOf();
    expect(passed(guard, '203.0.113.5', 50, 0)).toBe(10);
    expect(guard.admits('203.0.113.5', 1)).toBe(false);
    expect(guard.admits('203.0.113.6', 1)).toBe(true);
    expect(guard).toMatchObject({ bans: 1 });
    expect(guard.banned(1)).toEqual(['203.0.113.5']);
  });

  it('never bans who keeps to the rate', () => {
    const guard = guardOf();
    for (let atMs = 0; atMs < 600_000; atMs += 200) expect(guard.counts('203.0.113.5', atMs)).toBe(true);
  });

  it('ends a ban so long after the flood, not before', () => {
    const guard = guardOf();
    passed(guard, '203.0.113.5', 11, 0);
    // It goes on for ten seconds at twice the rate.
    for (let atMs = 0; atMs <= 10_000; atMs += 100) expect(guard.admits('203.0.113.5', atMs)).toBe(false);
    expect(guard.admits('203.0.113.5', BAN_MS + 9_000)).toBe(false);
    const calm = guardOf();
    passed(calm, '203.0.113.5', 11, 0);
    expect(calm.admits('203.0.113.5', BAN_MS)).toBe(true);
    expect(passed(calm, '203.0.113.5', 20, BAN_MS)).toBe(10);
  });

  it('lets one who speaks slowly while banned in when the ban is over', () => {
    const guard = guardOf();
    passed(guard, '203.0.113.5', 11, 0);
    for (let atMs = 1_000; atMs < BAN_MS; atMs += 1_000) guard.admits('203.0.113.5', atMs);
    expect(guard.admits('203.0.113.5', BAN_MS)).toBe(true);
  });

  it('leaves trusted peers alone, and everybody when it is off', () => {
    expect(passed(guardOf({ trusted: ['203.0.113.0/24', '2001:db8::/32'] }), '203.0.113.5', 1_000, 0)).toBe(1_000);
    expect(passed(guardOf({ trusted: ['2001:db8::/32'] }), '2001:db8:1::1', 1_000, 0)).toBe(1_000);
    expect(passed(guardOf({ burst: 0 }), '203.0.113.5', 1_000, 0)).toBe(1_000);
  });

  it('lets an operator pardon', () => {
    const guard = guardOf();
    passed(guard, '203.0.113.5', 11, 0);
    expect(guard.pardon('203.0.113.5', 1)).toBe(true);
    expect(guard.admits('203.0.113.5', 1)).toBe(true);
    expect(guard.pardon('203.0.113.5', 1)).toBe(false);
  });

  it('is bounded, and keeps bans before it keeps the innocent', () => {
    const guard = guardOf();
    passed(guard, '203.0.113.5', 11, 0);
    for (let i = 0; i < SOURCES_MAX + 1_000; i += 1) guard.counts(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1);
    expect(guard.admits('203.0.113.5', 2)).toBe(false);
  });

  it('takes the /64 of an IPv6 address for one source', () => {
    expect(sourceOf('192.0.2.7')).toBe('192.0.2.7');
    expect(sourceOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(sourceOf('2001:db8::7')).toBe('2001:db8:0:0');
    expect(sourceOf('::1')).toBe('0:0:0:0');
    expect(sourceOf('2001:db8:1:2::')).toBe('2001:db8:1:2');
  });
});

describe('an address list', () => {
  it.each(['10.0.0.0/33', 'example.com', '2001:db8::/129', ''])('refuses %j with the option to change', (entry) => {
    expect(() => new AddressList([entry], 'trusted-peers')).toThrow(`trusted-peers: '${entry}' must be an address or a network`);
  });

  it('holds addresses and networks', () => {
    const list = new AddressList(['192.0.2.7', '10.1.0.0/16', '::1'], 'trusted-peers');
    expect(['192.0.2.7', '10.1.200.3', '::1', '192.0.2.8', '10.2.0.1', 'name'].map((address) => list.holds(address))).toEqual([true, true, true, false, false, false]);
  });
});
