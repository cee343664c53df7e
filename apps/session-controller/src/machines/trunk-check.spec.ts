import { TrunkCheck, type TrunkCheckEffect, type TrunkCheckInput, type TrunkCheckSettings } from './trunk-check.js';

const laptop: TrunkCheckSettings = { oosCheck: 10, oosForce: 2, oosErrorCheck: true, recoveryTimeout: 0, recheck: false };

function check(settings: Partial<TrunkCheckSettings> = {}) {
  const machine = new TrunkCheck({ ...laptop, ...settings });
  const on = (input: TrunkCheckInput): TrunkCheckEffect[] => {
    const out: TrunkCheckEffect[] = [];
    machine.on(input, out);
    return out;
  };
  return { machine, on };
}

describe('TrunkCheck', () => {
  it('asks at the start and guards the probe by oos-force', () => {
    const { on } = check();
    expect(on({ kind: 'start', nowMs: 0 })).toEqual([
      { kind: 'sendOptions', probe: 1 },
      { kind: 'setTimer', timer: 'force', delayMs: 2_000 },
    ]);
  });

  it('asks again oos-check seconds after a good answer', () => {
    const { on, machine } = check();
    on({ kind: 'start', nowMs: 0 });
    expect(on({ kind: 'answer', probe: 1, status: 200, nowMs: 20 })).toEqual([
      { kind: 'clearTimer', timer: 'force' },
      { kind: 'setTimer', timer: 'probe', delayMs: 10_000 },
    ]);
    expect(machine.health).toMatchObject({ inService: true, reason: 'OPTIONS answered with 200' });
  });

  it('is out of service at most oos-check + oos-force seconds after the trunk died', () => {
    const { on, machine } = check();
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'answer', probe: 1, status: 200, nowMs: 20 });
    on({ kind: 'timer', timer: 'probe', nowMs: 10_020 });
    expect(on({ kind: 'timer', timer: 'force', nowMs: 12_020 })).toContainEqual(
      { kind: 'changed', inService: false, reason: 'OPTIONS not answered within 2 s' });
    expect(machine.health).toMatchObject({ inService: false, sinceMs: 12_020, lastAnswer: { status: 200, atMs: 20 } });
  });

  it('comes back with the first good answer, reported once', () => {
    const { on, machine } = check();
    on({ kind: 'start', nowMs: 0 });
    expect(on({ kind: 'timer', timer: 'force', nowMs: 2_000 }))
      .toContainEqual({ kind: 'setTimer', timer: 'probe', delayMs: 10_000 });
    on({ kind: 'timer', timer: 'probe', nowMs: 12_000 });
    const back = on({ kind: 'answer', probe: 2, status: 200, nowMs: 12_010 });
    expect(back.filter((effect) => effect.kind === 'changed')).toEqual([
      { kind: 'changed', inService: true, reason: 'OPTIONS answered with 200' }]);
    expect(machine.inService).toBe(true);
  });

  it('comes back after recovery-timeout of good answers, counted anew after a bad one', () => {
    const { on, machine } = check({ recoveryTimeout: 15 });
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'timer', timer: 'force', nowMs: 2_000 });
    const probe = (number: number, status: number, nowMs: number): boolean => {
      on({ kind: 'timer', timer: 'probe', nowMs: nowMs - 10 });
      on({ kind: 'answer', probe: number, status, nowMs });
      return machine.inService;
    };
    expect([probe(2, 200, 12_000), probe(3, 500, 22_000), probe(4, 200, 32_000), probe(5, 200, 42_000)])
      .toEqual([false, false, false, false]);
    expect(probe(6, 200, 52_000)).toBe(true);
  });

  it('believes a late answer to the newest probe, and sets no second timer for it', () => {
    const { on, machine } = check();
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'timer', timer: 'force', nowMs: 2_000 });
    expect(on({ kind: 'answer', probe: 1, status: 200, nowMs: 2_500 })).toEqual([
      { kind: 'changed', inService: true, reason: 'OPTIONS answered with 200' }]);
    expect(machine.inService).toBe(true);
  });

  it('passes over answers to older probes and provisional ones', () => {
    const { on } = check();
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'timer', timer: 'force', nowMs: 2_000 });
    on({ kind: 'timer', timer: 'probe', nowMs: 12_000 });
    expect(on({ kind: 'answer', probe: 1, status: 200, nowMs: 12_100 })).toEqual([]);
    expect(on({ kind: 'answer', probe: 2, status: 100, nowMs: 12_100 })).toEqual([]);
  });

  it.each([
    [404, true, false], [404, false, true], [200, false, true], [302, true, true], [408, false, false], [503, false, false],
  ])('takes %i with oos-error-check %s as healthy: %s', (status, oosErrorCheck, healthy) => {
    const { on, machine } = check({ oosErrorCheck });
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'answer', probe: 1, status, nowMs: 10 });
    expect(machine.inService).toBe(healthy);
  });

  it('never asks when oos-check is 0', () => {
    const { on, machine } = check({ oosCheck: 0 });
    expect(on({ kind: 'start', nowMs: 0 })).toEqual([]);
    expect(machine.health).toMatchObject({ inService: true, reason: 'oos-check is 0: never checked' });
  });
});

describe('TrunkCheck with sipp-oos-recheck (PRX-22)', () => {
  const silent = () => {
    const { machine, on } = check({ recheck: true });
    on({ kind: 'start', nowMs: 0 });
    expect(on({ kind: 'timer', timer: 'force', nowMs: 2_000 })).toEqual([{ kind: 'checkProxy', probe: 1 }]);
    expect(machine.inService).toBe(true);
    return { machine, on };
  };
  const checked = (answers: boolean, hasOther: boolean): TrunkCheckInput => ({ kind: 'proxyChecked', probe: 1, answers, hasOther, nowMs: 2_010 });
  const later: TrunkCheckEffect = { kind: 'setTimer', timer: 'probe', delayMs: 10_000 };

  it('goes out of service when the proxy answers', () => {
    const { on } = silent();
    expect(on(checked(true, false))).toEqual([later, { kind: 'changed', inService: false, reason: 'OPTIONS not answered within 2 s' }]);
  });

  it('is asked at once through another proxy', () => {
    const { machine, on } = silent();
    expect(on(checked(false, true))).toEqual([{ kind: 'sendOptions', probe: 2 }, { kind: 'setTimer', timer: 'force', delayMs: 2_000 }]);
    expect(machine.inService).toBe(true);
  });

  it('is asked later when there is no other', () => {
    const { machine, on } = silent();
    expect(on(checked(false, false))).toEqual([later]);
    expect(machine.inService).toBe(true);
  });

  it('its own answer comes before that of the proxy', () => {
    const { machine, on } = silent();
    expect(on({ kind: 'answer', probe: 1, status: 200, nowMs: 2_005 })).toEqual([later]);
    expect(on(checked(true, false))).toEqual([]);
    expect(machine.inService).toBe(true);
  });

  it.each([[408, 'OPTIONS not answered'], [503, 'OPTIONS could not be sent']])('a probe that ended without an answer (%i) asks the proxy too', (status, reason) => {
    const { machine, on } = check({ recheck: true });
    on({ kind: 'start', nowMs: 0 });
    expect(on({ kind: 'noAnswer', probe: 1, status, nowMs: 100 })).toEqual([{ kind: 'clearTimer', timer: 'force' }, { kind: 'checkProxy', probe: 1 }]);
    on(checked(true, false));
    expect(machine.health).toMatchObject({ inService: false, reason });
  });

  it('a 408 or 503 by way of the proxy shows that it works', () => {
    const { machine, on } = check({ recheck: true });
    on({ kind: 'start', nowMs: 0 });
    on({ kind: 'answer', probe: 1, status: 408, nowMs: 100 });
    expect(machine.inService).toBe(false);
  });

  it('asks no proxy about a trunk that is out of service already', () => {
    const { on } = silent();
    on(checked(true, false));
    on({ kind: 'timer', timer: 'probe', nowMs: 12_010 });
    expect(on({ kind: 'timer', timer: 'force', nowMs: 14_010 })).toEqual([later]);
  });
});
