import fc from 'fast-check';
import { Overload } from './overload.js';

const BOUND_MS = 250;
const SAMPLE_MS = 50;

/** A node that is offered calls evenly, and samples as a process does. */
class Node {
  readonly overload = new Overload(BOUND_MS);
  nowMs = 1_000_000;

  constructor() {
    this.overload.onSample(0, this.nowMs);
  }

  /** `ms` of time in which each sample is late by `lateMs`. Answers how many calls of `perSecond` came in. */
  run(ms: number, lateMs: number, perSecond = 0): number {
    const untilMs = this.nowMs + ms;
    let taken = 0;
    let offered = 0;
    while (this.nowMs < untilMs) {
      const elapsedMs = SAMPLE_MS + lateMs;
      this.nowMs += elapsedMs;
      for (offered += (perSecond * elapsedMs) / 1_000; offered >= 1; offered -= 1) if (this.overload.admits(lateMs, this.nowMs)) taken += 1;
      this.overload.onSample(lateMs, this.nowMs);
    }
    return taken;
  }
}

describe('Overload', () => {
  it.each([
    ['nothing is late', 10_000, 0, 'normal'],
    ['a loaded node is late by less than the bound', 60_000, 240, 'normal'],
    ['one garbage collection takes half a second', 1, 450, 'normal'],
    ['the loop stands still for a second', 1, 1_000, 'busy'],
    ['each turn of the loop takes 0.4 s', 1_600, 350, 'busy'],
    ['a process was paused for 20 s', 1, 20_000, 'busy'],
  ])('%s (%i ms, late by %i ms): %s', (_what, ms, lateMs, level) => {
    const node = new Node();
    node.run(ms, lateMs, 10);
    expect(node.overload.level).toBe(level);
  });

  it('takes every call while it is normal, however many', () => {
    const node = new Node();
    expect(node.run(10_000, 100, 200)).toBeGreaterThan(1_990);
    expect(node.overload.limit).toBeUndefined();
  });

  it('forgets garbage collections between which it is in time', () => {
    const node = new Node();
    for (let i = 0; i < 20; i += 1) {
      node.run(1, 300, 10);
      node.run(1_000, 0, 10);
      expect(node.overload.level).toBe('normal');
    }
  });

  it('takes half of what it took, and half of that each second while it is late', () => {
    const node = new Node();
    node.run(20_000, 0, 40);
    node.run(1, 1_000, 40);
    const first = node.overload.limit ?? 0;
    expect(first).toBeGreaterThan(18);
    expect(first).toBeLessThan(22);
    node.run(1_050, 400, 40);
    expect(node.overload.limit).toBeCloseTo(first / 2, 5);
    node.run(1_050, 400, 40);
    expect(node.overload.limit).toBeCloseTo(first / 4, 5);
    node.run(30_000, 400, 40);
    expect(node.overload.limit).toBe(1);
  });

  it('begins with 10 a second when it took fewer, and keeps that while no call comes in: it is not calls that make it late', () => {
    const node = new Node();
    node.run(10_000, 400);
    expect(node.overload.level).toBe('busy');
    expect(node.overload.limit).toBe(10);
    node.run(1_050, 400, 10);
    expect(node.overload.limit).toBe(5);
  });

  it('refuses what arrived during a standstill, before a sample tells of it', () => {
    const node = new Node();
    node.run(10_000, 0, 10);
    node.nowMs += 1_050;
    expect(node.overload.admits(1_000, node.nowMs)).toBe(false);
    expect(node.overload.level).toBe('busy');
  });

  it('holds its limit while it is neither late nor in time', () => {
    const node = new Node();
    node.run(20_000, 0, 40);
    node.run(1, 1_000, 40);
    node.run(3_000, 150, 40);
    const { limit } = node.overload;
    node.run(10_000, 150, 40);
    expect(node.overload.limit).toBe(limit);
  });

  it('takes a tenth more each second when it is in time again, and no burst', () => {
    const node = new Node();
    node.run(20_000, 0, 40);
    node.run(1, 1_000, 40);
    node.run(2_000, 0, 40);
    const before = node.overload.limit ?? 0;
    node.run(1_000, 0, 40);
    expect(node.overload.limit).toBeCloseTo(before * 1.1, 5);
    let burst = 0;
    while (node.overload.admits(0, node.nowMs)) burst += 1;
    expect(burst).toBeLessThanOrEqual(Math.ceil(before * 1.1 * 0.25));
  });

  it('is normal 5 s after the last call that it had to refuse', () => {
    const node = new Node();
    node.run(20_000, 0, 10);
    node.run(1, 1_000, 10);
    node.run(1_000, 0, 10);
    expect(node.overload.level).toBe('busy');
    node.run(20_000, 0, 10);
    expect(node.overload.level).toBe('normal');
    expect(node.run(10_000, 0, 10)).toBe(100);
  });

  it('counts a clock that stands or goes back as no time', () => {
    const node = new Node();
    node.overload.onSample(5_000, node.nowMs);
    node.overload.onSample(5_000, node.nowMs - 1_000);
    expect(node.overload.level).toBe('normal');
    expect(node.overload.lateMs).toBe(0);
  });

  it('finds what the machine can do and stays near it', () => {
    const node = new Node();
    // A machine that does 20 calls a second is late by what it has taken beyond that.
    let backlogMs = 0;
    let taken = 0;
    let worstMs = 0;
    const load = (ms: number): void => {
      for (const endMs = node.nowMs + ms; node.nowMs < endMs;) {
        const beganMs = node.nowMs;
        const arrived = node.run(1, backlogMs, 60);
        taken += arrived;
        backlogMs = Math.max(0, backlogMs + arrived * 50 - (node.nowMs - beganMs));
        worstMs = Math.max(worstMs, backlogMs);
      }
    };
    load(30_000);
    [taken, worstMs] = [0, 0];
    const beganMs = node.nowMs;
    load(300_000);
    const perSecond = (taken * 1_000) / (node.nowMs - beganMs);
    expect(perSecond).toBeGreaterThan(12);
    expect(perSecond).toBeLessThan(20.5);
    expect(worstMs).toBeLessThan(1_000);
  });

  it('never refuses all: whatever was before, a call a second comes in, and all of them once the loop is in time', () => {
    const history = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 5_000 }), lateMs: fc.integer({ min: 0, max: 30_000 }), perSecond: fc.integer({ min: 0, max: 200 }) }), { maxLength: 30 });
    fc.assert(fc.property(history, fc.integer({ min: 1, max: 200 }), (past, perSecond) => {
      const node = new Node();
      for (const { ms, lateMs, perSecond: offered } of past) node.run(ms, lateMs, offered);
      expect(node.run(3_000, 400, perSecond)).toBeGreaterThanOrEqual(Math.min(2, perSecond));
      node.run(90_000, 0, perSecond);
      expect(node.overload.level).toBe('normal');
      expect(node.run(10_000, 0, perSecond)).toBeGreaterThanOrEqual(10 * perSecond - 1);
    }), { numRuns: 30 });
  });
});
