/** What every `LimiterStore` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimiterClaim, LimiterStore } from './port.js';

export interface LimiterStand {
  /** Two users of one store; the same one twice where it is not shared. */
  readonly a: LimiterStore;
  readonly b: LimiterStore;
  /** Lets the store's time pass, if need be by waiting. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const LEASE_MS = 60_000;

export function limiterStoreContract(name: string, start: () => Promise<LimiterStand>): void {
  describe(`${name} keeps the limiter store contract`, () => {
    let stand: LimiterStand;
    let a: LimiterStore;
    let b: LimiterStore;

    beforeEach(async () => {
      stand = await start();
      ({ a, b } = stand);
    });
    afterEach(() => stand.close());

    const claim = (counter: string, limit: number, shadow = false): LimiterClaim => ({ counter, limit, ...(shadow ? { shadow } : {}) });
    const admits = async (store: LimiterStore, callId: string, ...claims: LimiterClaim[]): Promise<boolean> =>
      (await store.acquire(callId, claims, LEASE_MS)).admitted;

    it('admits up to the limit, whoever asks, and again after a release', async () => {
      expect(await admits(a, 'c1', claim('x', 2))).toBe(true);
      expect(await admits(b, 'c2', claim('x', 2))).toBe(true);
      expect(await a.acquire('c3', [claim('x', 2)], LEASE_MS)).toEqual({ admitted: false, full: ['x'] });
      expect(await b.release('c1')).toBe(true);
      expect(await admits(a, 'c3', claim('x', 2))).toBe(true);
      expect(await b.usage(['x', 'y'])).toEqual([2, 0]);
    });

    it('admits nobody at limit 0, and everybody where nothing is claimed', async () => {
      expect(await admits(a, 'c1', claim('x', 0))).toBe(false);
      expect(await a.acquire('c1', [], LEASE_MS)).toEqual({ admitted: true, full: [] });
      expect(await a.release('c1')).toBe(false);
    });

    it('takes all slots or none', async () => {
      expect(await admits(a, 'c1', claim('full', 1))).toBe(true);
      expect(await b.acquire('c2', [claim('free', 5), claim('full', 1), claim('none', 0)], LEASE_MS)).toEqual({ admitted: false, full: ['full', 'none'] });
      expect(await a.usage(['free', 'full'])).toEqual([0, 1]);
      expect(await b.release('c2')).toBe(false);
    });

    it('never admits one too many, and refuses nobody while there is room', async () => {
      const verdicts = await Promise.all(Array.from({ length: 200 }, (_, i) =>
        admits(i % 2 === 0 ? a : b, `c${i}`, claim('x', 50), claim(`of-${i % 4}`, 20))));
      expect(verdicts.filter(Boolean)).toHaveLength(50);
      const [all, ...parts] = await a.usage(['x', 'of-0', 'of-1', 'of-2', 'of-3']) as [number, ...number[]];
      expect(all).toBe(50);
      expect(parts.reduce((sum, part) => sum + part)).toBe(50);
      for (const part of parts) expect(part).toBeLessThanOrEqual(20);
    });

    it('counts a call once, and does not refuse it for its own slot', async () => {
      expect(await admits(a, 'c1', claim('x', 1))).toBe(true);
      expect(await admits(b, 'c1', claim('x', 1))).toBe(true);
      expect(await a.usage(['x'])).toEqual([1]);
    });

    it('lets a call keep what it had when it is refused more, and frees everything at once', async () => {
      await admits(a, 'c1', claim('x', 1));
      expect(await admits(b, 'c1', claim('x', 1), claim('none', 0))).toBe(false);
      expect(await admits(b, 'c1', claim('y', 1))).toBe(true);
      expect(await a.usage(['x', 'y'])).toEqual([1, 1]);
      expect(await a.release('c1')).toBe(true);
      expect(await a.usage(['x', 'y'])).toEqual([0, 0]);
      expect(await b.release('c1')).toBe(false);
    });

    it('tells a full shadow, takes no slot there, and refuses nothing for it', async () => {
      expect(await a.acquire('c1', [claim('s', 1, true)], LEASE_MS)).toEqual({ admitted: true, full: [] });
      expect(await b.acquire('c2', [claim('s', 1, true), claim('x', 5)], LEASE_MS)).toEqual({ admitted: true, full: ['s'] });
      expect(await a.usage(['s', 'x'])).toEqual([1, 1]);
      expect(await b.acquire('c3', [claim('s', 1, true), claim('x', 1)], LEASE_MS)).toEqual({ admitted: false, full: ['s', 'x'] });
    });

    it('counts a call that is already there above any limit', async () => {
      await admits(a, 'c1', claim('x', 1));
      expect(await admits(b, 'c2', claim('x', Infinity))).toBe(true);
      expect(await a.usage(['x'])).toEqual([2]);
      expect(await admits(a, 'c3', claim('x', 2))).toBe(false);
    });

    it('frees what nobody renews, and nothing else', async () => {
      await a.acquire('short', [claim('x', 2), claim('y', 1)], 50);
      await a.acquire('long', [claim('x', 2)], LEASE_MS);
      await stand.advance(60);
      expect(await b.usage(['x', 'y'])).toEqual([1, 0]);
      expect(await admits(b, 'c3', claim('x', 2), claim('y', 1))).toBe(true);
      expect(await a.release('short')).toBe(false);
    });

    it('renews every slot of a call, and names those that have none', async () => {
      await a.acquire('c1', [claim('x', 5), claim('y', 5)], 3_000);
      await a.acquire('c2', [claim('x', 5)], 50);
      await a.acquire('c3', [claim('x', 5)], LEASE_MS);
      await stand.advance(60);
      expect(await b.renew(['c1', 'c2', 'never'], LEASE_MS)).toEqual(['c2', 'never']);
      expect(await b.renew(['c3'], 50)).toEqual([]);
      await stand.advance(3_000);
      expect(await a.usage(['x', 'y'])).toEqual([1, 1]);
      expect(await a.renew([], LEASE_MS)).toEqual([]);
    }, 20_000);
  });
}
