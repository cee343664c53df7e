import { ServerCheck, type ServerCheckEffect, type ServerCheckInput } from './server-check.js';

describe('the check of a server (PRX-10)', () => {
  let check: ServerCheck;

  beforeEach(() => {
    check = new ServerCheck({ oosCheckMs: 5_000, oosForceMs: 4_000, oosErrorCheck: true });
  });

  const on = (input: ServerCheckInput): ServerCheckEffect[] => {
    const out: ServerCheckEffect[] = [];
    check.on(input, out);
    return out;
  };
  const answer = (status: number): ServerCheckEffect[] => on({ kind: 'answered', status, latencyMs: 3, nowMs: 100 });
  const kinds = (effects: readonly ServerCheckEffect[]): string[] => effects.map(({ kind }) => kind);

  it('probes at once and then every oos-check', () => {
    expect(on({ kind: 'start' })).toEqual([
      { kind: 'probe' }, { kind: 'setTimer', timer: 'force', ms: 4_000 }, { kind: 'setTimer', timer: 'check', ms: 5_000 },
    ]);
    answer(200);
    expect(kinds(on({ kind: 'timer', timer: 'check' }))).toEqual(['probe', 'setTimer', 'setTimer']);
  });

  it('is in service after an answer', () => {
    on({ kind: 'start' });
    expect(answer(200)).toContainEqual(expect.objectContaining({ kind: 'changed', from: 'unknown', to: 'in-service' }));
    expect(check).toMatchObject({ state: 'in-service', lastStatus: 200, latencyMs: 3, lastAnswerMs: 100 });
  });

  it('is out of service after an error, unless errors count as answers (oos-error-check)', () => {
    on({ kind: 'start' });
    answer(404);
    expect(check.state).toBe('out-of-service');
    check = new ServerCheck({ oosCheckMs: 5_000, oosForceMs: 4_000, oosErrorCheck: false });
    on({ kind: 'start' });
    answer(404);
    expect(check.state).toBe('in-service');
  });

  it('probes only servers in doubt when oos-check is 0', () => {
    check = new ServerCheck({ oosCheckMs: 0, oosForceMs: 4_000, oosErrorCheck: true });
    expect(on({ kind: 'start' })).toEqual([]);
    expect(kinds(on({ kind: 'doubted', reason: 'no answer' }))).toEqual(['probe', 'setTimer']);
  });

  it('is draining after 503, and back in service after the next 200', () => {
    on({ kind: 'start' });
    answer(503);
    expect(check.state).toBe('draining');
    on({ kind: 'timer', timer: 'check' });
    answer(200);
    expect(check.state).toBe('in-service');
  });

  it('is out of service after oos-force without an answer, ends the probe and goes on probing', () => {
    on({ kind: 'start' });
    answer(200);
    on({ kind: 'timer', timer: 'check' });
    expect(kinds(on({ kind: 'timer', timer: 'force' }))).toEqual(['giveUp', 'changed']);
    expect(check).toMatchObject({ state: 'out-of-service', reason: 'no answer to OPTIONS for 4 s' });
    expect(kinds(on({ kind: 'timer', timer: 'check' }))).toContain('probe');
  });

  it('does not start a second probe while one is unanswered', () => {
    on({ kind: 'start' });
    expect(kinds(on({ kind: 'timer', timer: 'check' }))).toEqual(['setTimer']);
  });

  it('is out of service at once when the connection is refused', () => {
    on({ kind: 'start' });
    expect(kinds(on({ kind: 'unreachable', reason: 'refused' }))).toEqual(['clearTimer', 'changed']);
    expect(check.state).toBe('out-of-service');
  });

  it('asks at once when doubted, and trusts the answer', () => {
    on({ kind: 'start' });
    answer(200);
    expect(kinds(on({ kind: 'doubted', reason: 'an INVITE stayed unanswered' }))).toEqual(['probe', 'setTimer']);
    expect(check).toMatchObject({ state: 'in-service', doubted: true });
    answer(200);
    expect(check.doubted).toBe(false);
  });

  it('says nothing about a state that stays', () => {
    on({ kind: 'start' });
    answer(200);
    on({ kind: 'timer', timer: 'check' });
    expect(kinds(answer(200))).toEqual(['clearTimer']);
  });

  it('asks anew when its lifeline is cut, whatever was asked before, and is cut until it answers', () => {
    on({ kind: 'start' });
    answer(200);
    on({ kind: 'timer', timer: 'check' });
    expect(kinds(on({ kind: 'cut', reason: 'closed' }))).toEqual(['clearTimer', 'giveUp', 'probe', 'setTimer']);
    expect(check).toMatchObject({ state: 'in-service', doubted: true, cut: true, reason: 'closed' });
    answer(200);
    expect(check).toMatchObject({ state: 'in-service', doubted: false, cut: false });
  });

  it('is out of service when it is cut and does not answer', () => {
    on({ kind: 'start' });
    answer(200);
    on({ kind: 'cut', reason: 'closed' });
    on({ kind: 'timer', timer: 'force' });
    expect(check.state).toBe('out-of-service');
    expect(on({ kind: 'cut', reason: 'closed again' })).toEqual([]);
  });

  it('is asked when it says that it serves, and trusted when it answers', () => {
    on({ kind: 'start' });
    on({ kind: 'timer', timer: 'force' });
    expect(kinds(on({ kind: 'announced', reason: 'primary' }))).toEqual(['changed', 'probe', 'setTimer']);
    expect(check).toMatchObject({ state: 'unknown', doubted: true, cut: true });
    expect(kinds(on({ kind: 'found' }))).toEqual(['clearTimer', 'giveUp', 'probe', 'setTimer']);
    answer(200);
    expect(check).toMatchObject({ state: 'in-service', doubted: false, cut: false });
  });

  it('asks at once when it can be reached again, and not while all is well', () => {
    on({ kind: 'start' });
    answer(200);
    expect(on({ kind: 'found' })).toEqual([]);
    on({ kind: 'timer', timer: 'check' });
    on({ kind: 'timer', timer: 'force' });
    expect(kinds(on({ kind: 'found' }))).toEqual(['probe', 'setTimer']);
    answer(200);
    expect(check.state).toBe('in-service');
  });
});
