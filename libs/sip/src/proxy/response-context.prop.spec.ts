import fc from 'fast-check';
import { type FinalAnswer, type ForkEffects, ResponseContext } from './response-context.js';

/** Plays the transactions: a branch that was forwarded ends once; one that was cancelled may still answer anything. */
class Network implements ForkEffects<string, number> {
  readonly open: number[] = [];
  readonly timers = new Set<number>();
  finals: string[] = [];
  successes = 0;
  doneCount = 0;
  forward(branch: number) { this.open.push(branch); }
  cancel(branch: number) { expect(this.open).toContain(branch); }
  setTimerC(branch: number) { this.timers.add(branch); }
  stopTimerC(branch: number) { this.timers.delete(branch); }
  relay(status: number) { if (status >= 200) { this.finals.push('relay'); this.successes += 1; } }
  answer(answer: FinalAnswer<number>) { this.finals.push(answer.kind); }
  wayFailed() {}
  done() { this.doneCount += 1; }
}

const STATUSES = [100, 180, 183, 200, 302, 401, 404, 407, 408, 486, 487, 500, 503, 600, 603];

it('every history ends with exactly one final answer, or with 2xx only, and no timer left (architecture §9.6)', () => {
  const steps = fc.array(fc.record({
    pick: fc.nat(), what: fc.constantFrom('response', 'response', 'response', 'timeout', 'transport', 'timerC', 'cancel'),
    status: fc.constantFrom(...STATUSES),
  }), { maxLength: 60 });
  const groups = fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }), { maxLength: 3 });
  fc.assert(fc.property(groups, fc.boolean(), steps, (sizes, isInvite, history) => {
    const targets = sizes.map((group) => group.map((ways) => ({ ways: Array.from({ length: ways }, (_, i) => `w${i}`) })));
    const context = new ResponseContext<string, number>(targets, { isInvite, timerCMs: 181_000 });
    const network = new Network();
    context.start(network);
    const end = (branch: number) => network.open.splice(network.open.indexOf(branch), 1);
    for (const { pick, what, status } of history) {
      if (what === 'cancel') context.onCancel(network);
      const branch = network.open[pick % Math.max(1, network.open.length)];
      if (branch === undefined) continue;
      if (what === 'timerC' && network.timers.has(branch)) {
        network.timers.delete(branch);
        context.onTimerC(branch, network);
      } else if (what === 'response') {
        if (status >= 200) end(branch);
        context.onResponse(branch, status, status, network);
      } else if (what === 'timeout' || what === 'transport') {
        end(branch);
        context.onFailure(branch, what, network);
      }
    }
    // Quiet: every transaction still open times out.
    for (let branch = network.open.shift(); branch !== undefined; branch = network.open.shift()) {
      context.onFailure(branch, 'timeout', network);
    }
    expect(network.doneCount).toBe(1);
    expect(network.timers.size).toBe(0);
    const answers = network.finals.filter((kind) => kind !== 'relay').length;
    expect(answers).toBe(network.successes === 0 ? 1 : 0);
    if (!isInvite) expect(network.finals).toHaveLength(1);
  }), { numRuns: 2000, seed: 42 });
});
