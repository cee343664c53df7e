/** What every `LimiterStore` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimiterCheck, LimiterHolding, LimiterStore, LimiterTake } from './port.js';

export interface LimiterStand {
  /** Two users of one store; the same one twice where it is not shared. */
  readonly a: LimiterStore;
  readonly b: LimiterStore;
  /** Lets the store's time pass, if need be by waiting. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const LEASE_MS = 60_000;

export const takesOf = (...counters: string[]): LimiterTake[] => counters.map((counter) => ({ counter }));

export const check = (counter: string, limit: number, more: Partial<LimiterCheck> = {}): LimiterCheck =>
  ({ name: counter, counters: [counter], combine: 'sum', refuse: 'at-least', limit, way: [], shadow: false, ...more });

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

    /** A call that takes what it is checked for. */
    const admits = async (store: LimiterStore, id: string, ...checks: LimiterCheck[]): Promise<boolean> =>
      (await store.acquire(id, { checks, takes: takesOf(...checks.flatMap(({ counters }) => counters)) }, LEASE_MS)).admitted;
    const hold = async (store: LimiterStore, id: string, counters: readonly string[], more: Partial<LimiterHolding> = {}, leaseMs = LEASE_MS): Promise<boolean> =>
      (await store.hold([{ id, by: 'sc', takes: takesOf(...counters), ...more }], leaseMs))[0] as boolean;
    const released = async (store: LimiterStore, id: string): Promise<boolean> => (await store.release([id]))[0] as boolean;
    const isFull = async (...checks: LimiterCheck[]): Promise<boolean> => !(await a.acquire('asks', { checks, takes: [] }, LEASE_MS)).admitted;

    describe('a verdict', () => {
      it('admits up to the limit, whoever asks, and again after a release', async () => {
        expect(await admits(a, 'c1', check('x', 2))).toBe(true);
        expect(await admits(b, 'c2', check('x', 2))).toBe(true);
        expect(await a.acquire('c3', { checks: [check('x', 2, { name: 'r1' })], takes: takesOf('x') }, LEASE_MS)).toEqual({ admitted: false, full: ['r1'] });
        expect(await released(b, 'c1')).toBe(true);
        expect(await admits(a, 'c3', check('x', 2))).toBe(true);
        expect(await b.usage(['x', 'y'])).toEqual([2, 0]);
      });

      it('admits nobody at limit 0, and everybody where nothing is checked', async () => {
        expect(await admits(a, 'c1', check('x', 0))).toBe(false);
        expect(await a.acquire('c1', { checks: [], takes: [] }, LEASE_MS)).toEqual({ admitted: true, full: [] });
        expect(await released(a, 'c1')).toBe(false);
        expect(await admits(a, 'c2', check('x', Infinity))).toBe(true);
      });

      it('takes all slots or none, and names every full check', async () => {
        expect(await admits(a, 'c1', check('full', 1))).toBe(true);
        const checks = [check('free', 5), check('full', 1), check('none', 0)];
        expect(await b.acquire('c2', { checks, takes: takesOf('free', 'full', 'other') }, LEASE_MS)).toEqual({ admitted: false, full: ['full', 'none'] });
        expect(await a.usage(['free', 'full', 'other'])).toEqual([0, 1, 0]);
        expect(await released(b, 'c2')).toBe(false);
      });

      it('never admits one too many, and refuses nobody while there is room', async () => {
        const verdicts = await Promise.all(Array.from({ length: 200 }, (_, i) =>
          admits(i % 2 === 0 ? a : b, `c${i}`, check('x', 50), check(`of-${i % 4}`, 20))));
        expect(verdicts.filter(Boolean)).toHaveLength(50);
        const [all, ...parts] = await a.usage(['x', 'of-0', 'of-1', 'of-2', 'of-3']) as [number, ...number[]];
        expect(all).toBe(50);
        expect(parts.reduce((sum, part) => sum + part)).toBe(50);
        for (const part of parts) expect(part).toBeLessThanOrEqual(20);
      });

      it('counts a call once, and does not refuse it for its own slot', async () => {
        expect(await admits(a, 'c1', check('x', 1))).toBe(true);
        expect(await admits(b, 'c1', check('x', 1))).toBe(true);
        expect(await a.usage(['x'])).toEqual([1]);
      });

      it('lets a call keep what it had when it is refused', async () => {
        await admits(a, 'c1', check('x', 1));
        expect(await admits(b, 'c1', check('x', 1), check('none', 0))).toBe(false);
        expect(await a.usage(['x'])).toEqual([1]);
      });

      it('adds counters and what is on the way, or looks at each counter with all of the way', async () => {
        await hold(a, 'c1', ['q1']);
        await hold(a, 'c2', ['q1', 'q2']);
        await hold(b, 'c3', ['way']);
        const queues = { counters: ['q1', 'q2'], way: ['way', 'nobody'] };
        expect(await isFull(check('r', 4, queues))).toBe(true);
        expect(await isFull(check('r', 5, queues))).toBe(false);
        expect(await isFull(check('r', 3, { ...queues, combine: 'any' }))).toBe(true);
        expect(await isFull(check('r', 4, { ...queues, combine: 'any' }))).toBe(false);
      });

      it('refuses at or below a limit, in the sum or at one alone', async () => {
        const ready = { counters: ['r1', 'r2'], refuse: 'at-most' } as const;
        expect(await isFull(check('r', 0, ready))).toBe(true);
        await hold(a, 'agent/1', ['r1']);
        expect(await isFull(check('r', 0, ready))).toBe(false);
        expect(await isFull(check('r', 1, ready))).toBe(true);
        expect(await isFull(check('r', 0, { ...ready, combine: 'any' }))).toBe(true);
        await hold(b, 'agent/1', ['r1', 'r2']);
        expect(await isFull(check('r', 0, { ...ready, combine: 'any' }))).toBe(false);
        expect(await isFull(check('r', 1, ready))).toBe(false);
      });

      it('tells a full shadow, refuses nothing for it, and does not let it see those that it would have refused', async () => {
        const shadow = check('s', 1, { shadow: true, ghosts: 'ghosts:s' });
        const ask = (store: LimiterStore, id: string, ...more: LimiterCheck[]): Promise<unknown> =>
          store.acquire(id, { checks: [shadow, ...more], takes: takesOf('s') }, LEASE_MS);
        expect(await ask(a, 'c1')).toEqual({ admitted: true, full: [] });
        expect(await ask(b, 'c2')).toEqual({ admitted: true, full: ['s'] });
        expect(await ask(b, 'c2')).toEqual({ admitted: true, full: ['s'] });
        expect(await a.usage(['s', 'ghosts:s'])).toEqual([2, 1]);
        expect(await ask(b, 'c3', check('s', 1, { name: 'real' }))).toEqual({ admitted: false, full: ['s', 'real'] });
        expect(await a.usage(['s', 'ghosts:s'])).toEqual([2, 1]);
        await released(a, 'c1');
        expect(await ask(a, 'c4')).toEqual({ admitted: true, full: [] });
      });

      it('does not count a call against itself for what others told of it', async () => {
        await hold(a, 'c1', ['x', 'way'], { was: 'slot1' });
        expect(await a.acquire('slot1', { checks: [check('x', 1, { way: ['way'] })], takes: takesOf('x') }, LEASE_MS)).toEqual({ admitted: true, full: [] });
        expect(await b.usage(['x', 'way'])).toEqual([1, 1]);
      });
    });

    describe('what a teller holds', () => {
      it('is what it said last, whatever the limits, and leaves alone what others said', async () => {
        await admits(a, 'c1', check('dnis', 5));
        expect(await hold(b, 'c1', ['way', 'waiting'])).toBe(true);
        expect(await hold(a, 'c1', ['talking'], { by: 'vq' })).toBe(true);
        expect(await hold(a, 'c1', ['waiting'])).toBe(true);
        expect(await a.usage(['dnis', 'way', 'waiting', 'talking'])).toEqual([1, 0, 1, 1]);
        await hold(a, 'c1', []);
        await hold(a, 'c1', ['waiting'], { by: 'vq' });
        expect(await b.usage(['dnis', 'waiting', 'talking'])).toEqual([1, 1, 0]);
      });

      it('is told for many calls at once', async () => {
        expect(await a.hold([], LEASE_MS)).toEqual([]);
        const ids = Array.from({ length: 100 }, (_, i) => `c${i}`);
        expect(await a.hold(ids.map((id) => ({ id, by: 'sc', takes: takesOf('x') })), LEASE_MS)).toEqual(ids.map(() => true));
        expect(await b.usage(['x'])).toEqual([100]);
        expect(await b.release(['c1', 'c2', 'never'])).toEqual([true, true, false]);
        expect(await a.usage(['x'])).toEqual([98]);
        expect(await a.release([])).toEqual([]);
      });

      it('takes the place of what a proxy acquired under another id, however often it is said', async () => {
        await admits(a, 'slot1', check('dnis', 1));
        expect(await hold(b, 'c1', ['dnis'], { was: 'slot1' })).toBe(true);
        expect(await hold(b, 'c1', ['dnis', 'waiting'], { was: 'slot1' })).toBe(true);
        expect(await a.usage(['dnis', 'waiting'])).toEqual([1, 1]);
        expect(await hold(a, 'slot1', ['late'], { by: 'sip-proxy' })).toBe(false);
        expect(await released(a, 'slot1')).toBe(false);
        expect(await a.usage(['dnis', 'late'])).toEqual([1, 0]);
        expect(await released(b, 'c1')).toBe(true);
        expect(await a.usage(['dnis', 'waiting'])).toEqual([0, 0]);
        expect(await admits(a, 'slot1', check('dnis', 1))).toBe(true);
      });

      it('ends a take when the call gets where it was going, by whoever tells, for as long as that take is said', async () => {
        const way: LimiterTake = { counter: 'way', until: ['waiting', 'talking'] };
        await a.acquire('slot1', { checks: [], takes: [way] }, LEASE_MS);
        expect(await b.usage(['way'])).toEqual([1]);
        const takes = [way, ...takesOf('dnis')];
        await hold(b, 'c1', [], { takes, was: 'slot1' });
        expect(await b.usage(['way', 'dnis'])).toEqual([1, 1]);
        await hold(a, 'c1', ['waiting'], { by: 'vq' });
        expect(await b.usage(['way', 'waiting'])).toEqual([0, 1]);
        await hold(a, 'c1', [], { by: 'vq' });
        await hold(b, 'c1', [], { takes, was: 'slot1' });
        expect(await b.usage(['way', 'waiting', 'dnis'])).toEqual([0, 0, 1]);
        await hold(b, 'c1', ['dnis']);
        await hold(b, 'c1', [], { takes });
        expect(await b.usage(['way'])).toEqual([1]);
      });

      it('begins a take anew that nobody says any more, though somebody says its counter for good', async () => {
        const way: LimiterTake = { counter: 'way', until: ['waiting'] };
        await hold(a, 'c1', ['way']);
        await hold(b, 'c1', [], { by: 'vq', takes: [way, ...takesOf('waiting')] });
        await hold(b, 'c1', [], { by: 'vq' });
        await hold(a, 'c1', [], { takes: [way] });
        expect(await b.usage(['way', 'waiting'])).toEqual([1, 0]);
      });

      it('ends a take at once when it is told together with where the call got', async () => {
        await hold(a, 'c1', [], { takes: [{ counter: 'way', until: ['talking'] }, ...takesOf('talking')] });
        expect(await b.usage(['way', 'talking'])).toEqual([0, 1]);
      });

      it('amends only what somebody else tells, and for no longer', async () => {
        const vq = { by: 'vq', amends: true };
        expect(await hold(a, 'c1', ['waiting'], vq)).toBe(false);
        expect(await a.usage(['waiting'])).toEqual([0]);
        await hold(b, 'c1', ['dnis'], {}, 60);
        expect(await hold(a, 'c1', ['waiting'], vq)).toBe(true);
        expect(await a.usage(['waiting'])).toEqual([1]);
        await stand.advance(70);
        expect(await a.usage(['dnis', 'waiting'])).toEqual([0, 0]);
        expect(await hold(a, 'c1', ['waiting'], vq)).toBe(false);
        await hold(b, 'c1', ['dnis']);
        await hold(a, 'c1', ['waiting'], vq);
        await hold(b, 'c1', []);
        expect(await a.usage(['waiting'])).toEqual([0]);
      });
    });

    describe('time', () => {
      it('frees what nobody tells any more, and nothing else', async () => {
        await a.acquire('short', { checks: [], takes: takesOf('x', 'y') }, 50);
        await a.acquire('long', { checks: [], takes: takesOf('x') }, LEASE_MS);
        await hold(a, 'both', ['x'], {}, 50);
        await hold(a, 'both', ['y'], { by: 'tc' });
        await stand.advance(60);
        expect(await b.usage(['x', 'y'])).toEqual([1, 1]);
        expect(await admits(b, 'c3', check('x', 2), check('y', 2))).toBe(true);
        expect(await released(a, 'short')).toBe(false);
      });

      it('keeps a slot as long as anybody tells it', async () => {
        await a.acquire('c1', { checks: [], takes: takesOf('x') }, 50);
        await a.acquire('c2', { checks: [], takes: takesOf('x') }, LEASE_MS);
        await hold(b, 'c1', ['x'], {}, LEASE_MS);
        await a.acquire('c2', { checks: [], takes: takesOf('x') }, 50);
        await stand.advance(60);
        expect(await a.usage(['x'])).toEqual([2]);
      });

      it('forgets that a take ended with the lease of its teller', async () => {
        const takes: LimiterTake[] = [{ counter: 'way', until: ['waiting'] }];
        await hold(a, 'c1', ['waiting'], {}, LEASE_MS);
        await hold(a, 'c1', [], { by: 'vq', takes }, 50);
        await hold(a, 'c1', ['dnis'], {}, LEASE_MS);
        await stand.advance(60);
        await hold(a, 'c1', [], { by: 'vq', takes });
        expect(await b.usage(['way', 'dnis'])).toEqual([1, 1]);
      });

      it('forgets another id with the call', async () => {
        await admits(a, 'slot1', check('x', 1));
        await hold(b, 'c1', ['x'], { was: 'slot1' }, 50);
        await stand.advance(60);
        expect(await admits(a, 'slot1', check('x', 1))).toBe(true);
        expect(await b.usage(['x'])).toEqual([1]);
      });
    });

    describe('a release', () => {
      it('is heard before what comes late, but not before a new verdict', async () => {
        await hold(a, 'c1', ['x'], { was: 'slot1' });
        expect(await released(b, 'c1')).toBe(true);
        expect(await released(b, 'c1')).toBe(false);
        expect(await hold(a, 'c1', ['x'])).toBe(false);
        expect(await hold(a, 'never', ['x'])).toBe(true);
        expect(await a.usage(['x'])).toEqual([1]);
        expect(await admits(a, 'c1', check('x', 2))).toBe(true);
        expect(await hold(a, 'c1', ['y'])).toBe(true);
        expect(await a.usage(['x', 'y'])).toEqual([2, 1]);
      });

      it('may come before anything was told', async () => {
        expect(await released(b, 'c1')).toBe(false);
        expect(await hold(a, 'c1', ['x'])).toBe(false);
        expect(await a.usage(['x'])).toEqual([0]);
      });
    });
  });
}
