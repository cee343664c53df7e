import { FarControllers, type FarEffect, type FarInput, LOST_MS } from './far-controllers.js';

function run(far: FarControllers, input: FarInput): string[] {
  const out: FarEffect[] = [];
  far.on(input, out);
  return out.map(({ kind, node }) => `${kind} ${node}`);
}

const down = (node: string, dataCentre: string, nowMs = 0): FarInput => ({ kind: 'down', node, dataCentre, nowMs });
const tick = (nowMs: number, heard: boolean): FarInput => ({ kind: 'tick', nowMs, heard: () => heard });

it('one of the own data centre is dead', () => {
  expect(run(new FarControllers('dc1'), down('N1', 'dc1'))).toEqual(['dead N1']);
});

it('one of another is silent, and dead when others there are heard', () => {
  const far = new FarControllers('dc1');
  expect(run(far, down('N3', 'dc2'))).toEqual(['silent N3']);
  expect(run(far, tick(1_499, true))).toEqual([]);
  expect(run(far, tick(1_500, true))).toEqual(['dead N3']);
  expect(far.waiting).toBe(false);
});

it('cut off when nobody there is heard, once, until it is back', () => {
  const far = new FarControllers('dc1');
  run(far, down('N3', 'dc2'));
  expect(run(far, tick(1_500, false))).toEqual(['cutOff N3']);
  expect(run(far, tick(60_000, false))).toEqual([]);
  expect(run(far, { kind: 'up', node: 'N3' })).toEqual(['back N3']);
  expect(run(far, tick(70_000, true))).toEqual([]);
});

it('that died behind the cut is dead when the others have been back for a while', () => {
  const far = new FarControllers('dc1');
  run(far, down('N3', 'dc2'));
  run(far, tick(1_500, false));
  expect(run(far, tick(30_000, true))).toEqual([]);
  expect(run(far, tick(33_000, false))).toEqual([]);
  expect(run(far, tick(34_000, true))).toEqual([]);
  expect(run(far, tick(38_999, true))).toEqual([]);
  expect(run(far, tick(39_000, true))).toEqual(['dead N3']);
});

it('of a data centre that stays away is dead after an hour', () => {
  const far = new FarControllers('dc1');
  run(far, down('N3', 'dc2'));
  run(far, tick(1_500, false));
  expect(run(far, tick(LOST_MS, false))).toEqual(['dead N3']);
});
