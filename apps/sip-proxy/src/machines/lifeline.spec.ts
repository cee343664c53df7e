import { Lifeline, LIFELINE, type LifelineEffect, type LifelineInput, type LifelineState } from './lifeline.js';

const START: LifelineInput = { kind: 'start' };
const OPENED: LifelineInput = { kind: 'opened' };
const CLOSED: LifelineInput = { kind: 'closed', reason: 'it hung up' };
const TIMER: LifelineInput = { kind: 'timer' };
const ANNOUNCED: LifelineInput = { kind: 'announced' };
const SILENT: LifelineInput = { kind: 'silent' };
const STOP: LifelineInput = { kind: 'stop' };

const DIALING = [START];
const YOUNG = [START, OPENED];
const STEADY = [...YOUNG, TIMER];
const REDIALING = [...STEADY, CLOSED];
const WAITING = [START, CLOSED];

function run(inputs: readonly LifelineInput[]): { line: Lifeline; effects: LifelineEffect[] } {
  const line = new Lifeline();
  let effects: LifelineEffect[] = [];
  for (const input of inputs) line.on(input, effects = []);
  return { line, effects };
}

const inWords = (effects: readonly LifelineEffect[]): string => effects.map((effect) => ('ms' in effect ? `${effect.kind} ${effect.ms}` : effect.kind)).join(', ');

describe('a lifeline (docs/specs/sip-routing.md, "Health")', () => {
  it.each<[string, readonly LifelineInput[], LifelineInput, LifelineState, string]>([
    ['Idle', [], START, 'Dialing', 'dial, setTimer 5000'],
    ['Dialing', DIALING, OPENED, 'Up', 'setTimer 1000, found'],
    ['Dialing', DIALING, CLOSED, 'Waiting', 'setTimer 200'],
    ['Dialing', DIALING, TIMER, 'Waiting', 'hangUp, setTimer 200'],
    ['Up', YOUNG, TIMER, 'Up', 'setTimer 100000'],
    ['Up, steady', STEADY, TIMER, 'Up', 'ping, setTimer 100000'],
    ['Up', YOUNG, CLOSED, 'Waiting', 'suspected, setTimer 200, lost'],
    ['Up, steady', STEADY, CLOSED, 'Redialing', 'suspected, dial, setTimer 250'],
    ['Redialing', REDIALING, OPENED, 'Up', 'setTimer 1000'],
    ['Redialing', REDIALING, CLOSED, 'Waiting', 'setTimer 200, lost'],
    ['Redialing', REDIALING, TIMER, 'Waiting', 'hangUp, setTimer 200, lost'],
    ['Waiting', WAITING, TIMER, 'Dialing', 'dial, setTimer 5000'],
    ['Waiting', WAITING, ANNOUNCED, 'Dialing', 'dial, setTimer 5000'],
    ['Dialing', DIALING, ANNOUNCED, 'Dialing', ''],
    ['Up', STEADY, ANNOUNCED, 'Up', ''],
    ['Redialing', REDIALING, ANNOUNCED, 'Redialing', ''],
    ['Up', STEADY, SILENT, 'Waiting', 'hangUp, setTimer 200'],
    ['Waiting', WAITING, SILENT, 'Waiting', ''],
    ['Up', STEADY, STOP, 'Idle', 'hangUp, clearTimer'],
    ['Dialing', DIALING, STOP, 'Idle', 'hangUp, clearTimer'],
    ['Waiting', WAITING, STOP, 'Idle', 'clearTimer'],
    ['Idle', [], STOP, 'Idle', ''],
    ['Idle', [...WAITING, STOP], CLOSED, 'Idle', ''],
  ])('%s: %#', (_state, before, input, next, effects) => {
    const { line, effects: made } = run([...before, input]);
    expect([line.state, inWords(made)]).toEqual([next, effects]);
  });

  const pausesAfter = (before: readonly LifelineInput[], refusals: number): number[] => Array.from({ length: refusals }, (_, count) => {
    const { effects } = run([...before, ...Array.from({ length: count }, () => [CLOSED, TIMER]).flat(), CLOSED]);
    return effects.flatMap((effect) => (effect.kind === 'setTimer' ? [effect.ms] : []))[0] as number;
  });

  it('waits twice as long after each refusal, 5 s at most', () => {
    expect(pausesAfter([START], 7)).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('begins anew after a connection that stood for a second, and when it is announced', () => {
    const tired = [START, CLOSED, TIMER, CLOSED, TIMER, CLOSED, TIMER];
    expect(pausesAfter([...tired, OPENED], 1)).toEqual([1_600]);
    expect(pausesAfter([...tired, OPENED, TIMER, CLOSED], 1)).toEqual([200]);
    expect(pausesAfter([...tired, ANNOUNCED], 1)).toEqual([200]);
  });

  it('pings more often than anybody closes for idleness', () => {
    expect(LIFELINE.PING_MS).toBeLessThan(120_000);
  });
});
