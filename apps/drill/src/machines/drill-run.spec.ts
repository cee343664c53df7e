import { DrillRun, type RunEffect, type RunInput } from './drill-run.js';
import type { Step } from './drills.js';

const KILL: Step = { kind: 'do', actions: [{ kind: 'kill', process: 'P' }], says: 'kill P' };
const START: Step = { kind: 'do', actions: [{ kind: 'start', process: 'P' }], says: 'start P' };

function running(steps: readonly Step[], healsFrom: 'fault' | 'end' = 'fault') {
  const run = new DrillRun({ steps, healsFrom, steadyMs: 1_000, healMs: 20_000 });
  const kinds: string[] = [];
  let nowMs = 0;
  const at = (ms: number, input: RunInput): void => {
    nowMs = ms;
    const effects: RunEffect[] = [];
    run.on({ ...input, nowMs }, effects);
    kinds.push(...effects.filter(({ kind }) => kind !== 'note').map(({ kind }) => kind));
  };
  return { run, kinds, at };
}

const health = (...missing: string[]): RunInput => ({ kind: 'health', missing });

describe('a drill', () => {
  it('prepares, harms, waits, heals, exercises, ends', () => {
    const { run, kinds, at } = running([KILL, { kind: 'wait', seconds: 10 }, START, { kind: 'untilHealthy', withinS: 60 }]);
    at(0, { kind: 'begin' });
    at(500, { kind: 'done' });
    at(1_400, { kind: 'tick' });
    expect(kinds).toEqual(['prepare']);
    at(1_500, { kind: 'tick' });
    expect(kinds).toEqual(['prepare', 'perform']);
    at(1_600, { kind: 'done' });
    at(1_700, health('new calls'));
    at(3_700, health());
    // Nobody misses anything, but the process is to stay dead for 10 s.
    at(9_000, health());
    expect(run.state).toBe('Waiting');
    at(11_600, { kind: 'tick' });
    at(12_000, { kind: 'done' });
    at(13_500, health());
    expect(run.state).toBe('Waiting');
    at(13_700, health());
    expect(kinds).toEqual(['prepare', 'perform', 'perform', 'exercise']);
    at(15_000, { kind: 'done' });
    at(16_000, { kind: 'done' });
    expect(kinds.slice(-2)).toEqual(['end', 'over']);
    expect(run.result).toMatchObject({ healedS: 0.2, broken: undefined, missing: [] });
  });

  it('counts the time to heal from the end of a fault that is bounded', () => {
    const { run, at } = running([KILL, { kind: 'wait', seconds: 5 }, START], 'end');
    for (const [ms, input] of [
      [0, { kind: 'begin' }], [0, { kind: 'done' }], [1_000, { kind: 'tick' }], [1_000, { kind: 'done' }], [2_000, health('all')], [6_000, { kind: 'tick' }],
      [6_000, { kind: 'done' }], [7_500, health('all')], [7_700, health()], [9_600, health()],
    ] as const) at(ms, input);
    expect(run.state).toBe('Exercising');
    expect(run.result.healedS).toBe(1.5);
  });

  it('goes on when nothing heals, and says so', () => {
    const { run, kinds, at } = running([KILL]);
    for (const [ms, input] of [
      [0, { kind: 'begin' }], [0, { kind: 'done' }], [1_000, { kind: 'tick' }], [1_000, { kind: 'done' }], [20_000, health('agent 7001')], [21_000, { kind: 'tick' }],
    ] as const) at(ms, input);
    expect(kinds.at(-1)).toBe('exercise');
    expect(run.result).toMatchObject({ healedS: undefined, missing: ['agent 7001'] });
  });

  it.each([
    ['a step that cannot be done', { kind: 'failed', reason: 'P does not run' } as const, 'P does not run'],
    ['an interruption', { kind: 'interrupted' } as const, 'it was interrupted'],
  ])('ends at once after %s, and undoes what it did', (_, input, broken) => {
    const { run, kinds, at } = running([KILL, START]);
    at(0, { kind: 'begin' });
    at(0, { kind: 'done' });
    at(1_000, { kind: 'tick' });
    at(1_100, input);
    expect(kinds).toEqual(['prepare', 'perform', 'end']);
    at(1_200, { kind: 'done' });
    expect(run.state).toBe('Over');
    expect(run.result.broken).toBe(broken);
  });
});
