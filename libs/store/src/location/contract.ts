/** What every `LocationStore` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#kernel';
import type { LocationBinding, LocationDelta, LocationStore } from './port.js';

export interface LocationStand {
  readonly store: LocationStore;
  readonly clock: Clock;
  /** Lets the store's time pass. */
  advance(ms: number): Promise<void>;
}

export function locationStoreContract(name: string, start: () => Promise<LocationStand>): void {
  describe(`${name} keeps the location store contract`, () => {
    let stand: LocationStand;
    let deltas: LocationDelta[];

    const binding = (contact: string, more: Partial<LocationBinding> = {}): LocationBinding => ({
      contact, expiresAtMs: stand.clock.nowMs() + 60_000, updatedAtMs: stand.clock.nowMs(), callId: 'c@phone', cseq: 1, q: 1,
      path: [], flow: 'udp:192.0.2.1:5060', node: 'proxy1', ...more,
    });
    const contacts = (aor: string): string[] => stand.store.list(aor).map(({ contact }) => contact);

    beforeEach(async () => {
      stand = await start();
      deltas = [];
      stand.store.watch((delta) => deltas.push(delta));
    });
    afterEach(() => stand.store.close());

    it('lists what was put, of that AOR only', () => {
      stand.store.put('7001', binding('sip:7001@a', { path: ['<sip:p1;lr>'], userAgent: 'Phone/1', regId: 1, reachedAs: 'sip.a' }));
      expect(stand.store.list('7001')).toMatchObject([
        { contact: 'sip:7001@a', path: ['<sip:p1;lr>'], userAgent: 'Phone/1', regId: 1, reachedAs: 'sip.a', cseq: 1, node: 'proxy1' },
      ]);
      expect(stand.store.list('7002')).toEqual([]);
    });

    it('renews a contact instead of listing it twice', () => {
      stand.store.put('7001', binding('sip:7001@a'));
      stand.store.put('7001', binding('sip:7001@a', { cseq: 2 }));
      expect(stand.store.list('7001').map(({ cseq }) => cseq)).toEqual([2]);
      expect(stand.store.size).toBe(1);
    });

    it('lists the best q first, then the latest', () => {
      const now = stand.clock.nowMs();
      stand.store.put('7001', binding('sip:low', { q: 0.5 }));
      stand.store.put('7001', binding('sip:old', { updatedAtMs: now - 10 }));
      stand.store.put('7001', binding('sip:new', { updatedAtMs: now }));
      expect(contacts('7001')).toEqual(['sip:new', 'sip:old', 'sip:low']);
    });

    it('does not let an older report replace a newer one', () => {
      const now = stand.clock.nowMs();
      stand.store.put('7001', binding('sip:a', { updatedAtMs: now, cseq: 5 }));
      expect(stand.store.put('7001', binding('sip:a', { updatedAtMs: now - 1, cseq: 4 }))).toBe(false);
      expect(stand.store.list('7001')[0]?.cseq).toBe(5);
    });

    it('does not let an older report bring a removed binding back', () => {
      const now = stand.clock.nowMs();
      stand.store.put('7001', binding('sip:a', { updatedAtMs: now }));
      expect(stand.store.remove({ aor: '7001', contact: 'sip:a', atMs: now + 5 })).toBe(true);
      expect(stand.store.put('7001', binding('sip:a', { updatedAtMs: now + 1 }))).toBe(false);
      expect(contacts('7001')).toEqual([]);
      expect(stand.store.put('7001', binding('sip:a', { updatedAtMs: now + 6 }))).toBe(true);
      expect(contacts('7001')).toEqual(['sip:a']);
    });

    it('does not remove what was renewed later', () => {
      const now = stand.clock.nowMs();
      stand.store.put('7001', binding('sip:a', { updatedAtMs: now }));
      expect(stand.store.remove({ aor: '7001', contact: 'sip:a', atMs: now - 1 })).toBe(false);
      expect(stand.store.remove({ aor: '7001', contact: 'sip:other', atMs: now })).toBe(false);
      expect(contacts('7001')).toEqual(['sip:a']);
    });

    it('forgets a binding when it runs out, and says so', async () => {
      stand.store.put('7001', binding('sip:short', { expiresAtMs: stand.clock.nowMs() + 5_000 }));
      stand.store.put('7001', binding('sip:long'));
      await stand.advance(5_000);
      expect(contacts('7001')).toEqual(['sip:long']);
      await stand.advance(2_000);
      expect(deltas).toContainEqual({ kind: 'gone', aor: '7001', contact: 'sip:short', reason: 'expired' });
      expect(deltas.filter(({ kind }) => kind === 'gone')).toHaveLength(1);
    });

    it('keeps a binding that was renewed past its first end', async () => {
      stand.store.put('7001', binding('sip:a', { expiresAtMs: stand.clock.nowMs() + 5_000 }));
      await stand.advance(4_000);
      stand.store.put('7001', binding('sip:a', { expiresAtMs: stand.clock.nowMs() + 60_000 }));
      await stand.advance(4_000);
      expect(contacts('7001')).toEqual(['sip:a']);
      expect(deltas.filter(({ kind }) => kind === 'gone')).toEqual([]);
    });

    it('reports changes, never while it is being changed', async () => {
      stand.store.put('7001', binding('sip:a'));
      stand.store.remove({ aor: '7001', contact: 'sip:a', atMs: stand.clock.nowMs() });
      expect(deltas).toEqual([]);
      await stand.advance(0);
      expect(deltas).toMatchObject([
        { kind: 'put', aor: '7001', binding: { contact: 'sip:a' } },
        { kind: 'gone', aor: '7001', contact: 'sip:a', reason: 'removed' },
      ]);
    });

    it('counts AORs that can be reached', async () => {
      stand.store.put('7001', binding('sip:a'));
      stand.store.put('7001', binding('sip:b'));
      stand.store.put('7002', binding('sip:c', { expiresAtMs: stand.clock.nowMs() + 1_000 }));
      expect(stand.store.size).toBe(2);
      stand.store.remove({ aor: '7001', contact: 'sip:a', atMs: stand.clock.nowMs() });
      expect(stand.store.size).toBe(2);
      await stand.advance(3_000);
      expect(stand.store.size).toBe(1);
    });

    it('pages through everything, once each', () => {
      for (let dn = 7001; dn <= 7010; dn += 1) stand.store.put(String(dn), binding(`sip:${dn}@a`));
      const seen: string[] = [];
      let next: string | undefined;
      do {
        const page = stand.store.all(3, next);
        expect(page.entries.length).toBeLessThanOrEqual(3);
        seen.push(...page.entries.map(({ aor }) => aor));
        next = page.next;
      } while (next !== undefined);
      expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => String(7001 + i)));
    });
  });
}
