import { makeResponse } from '../message/make.js';
import { request } from '../transaction/testing.js';
import {
  answerSessionTimer, policyAfter422, SessionTimer, type SessionTimerEffect, sessionTimerFrom, sessionTimerHeaders, type SessionTimerState,
} from './session-timer.js';

const POLICY = { intervalS: 1800, minSeS: 90 };
const T0 = 1_000_000;
const invite = (...headers: [string, string][]) => request('INVITE', { headers });

describe('negotiation (RFC 4028)', () => {
  it('asks for an interval', () => {
    expect(sessionTimerHeaders(POLICY)).toEqual([['Supported', 'timer'], ['Session-Expires', '1800']]);
    expect(sessionTimerHeaders({ intervalS: 100, minSeS: 300 })).toEqual([['Supported', 'timer'], ['Session-Expires', '300'], ['Min-SE', '300']]);
  });

  it('refreshes with the roles as agreed (§7.4)', () => {
    const timer: SessionTimerState = { intervalS: 600, minSeS: 90, refresher: 'remote', refreshedAtMs: T0 };
    expect(sessionTimerHeaders(POLICY, timer)[1]).toEqual(['Session-Expires', '600;refresher=uas']);
  });

  it.each([
    ['the caller asks and refreshes', [['Supported', 'timer'], ['Session-Expires', '600']], '600;refresher=uac', 'remote', true],
    ['the caller asks us to refresh', [['Supported', 'timer'], ['Session-Expires', '600;refresher=uas']], '600;refresher=uas', 'local', true],
    ['the caller knows timers and asks for none', [['Supported', 'timer']], '1800;refresher=uac', 'remote', true],
    ['the caller knows no timers', [], '1800;refresher=uas', 'local', false],
    ['a proxy asks, the caller knows no timers', [['Session-Expires', '600;refresher=uac']], '600;refresher=uas', 'local', false],
  ] as const)('%s', (_name, headers, value, refresher, required) => {
    const answer = answerSessionTimer(invite(...headers.map(([name, text]) => [name, text] as [string, string])), POLICY, T0);
    if (answer.kind !== 'timer') throw new Error(answer.kind);
    expect(answer.headers).toEqual([['Session-Expires', value], ...(required ? [['Require', 'timer']] : [])]);
    expect(answer.timer).toMatchObject({ refresher, refreshedAtMs: T0 });
  });

  it('refuses what is too small with 422 and Min-SE; the caller asks again', () => {
    const answer = answerSessionTimer(invite(['Supported', 'timer'], ['Session-Expires', '100']), { ...POLICY, minSeS: 300 }, T0);
    expect(answer).toEqual({ kind: 'tooSmall', headers: [['Min-SE', '300']] });
    const refusal = makeResponse(invite(), 422, undefined, { headers: [['Min-SE', '300']] });
    expect(policyAfter422(refusal, { intervalS: 100, minSeS: 90 })).toEqual({ intervalS: 300, minSeS: 300 });
    expect(policyAfter422(makeResponse(invite(), 422), POLICY)).toBeUndefined();
  });

  it.each([['600', 'local'], ['600;refresher=uac', 'local'], ['600;refresher=uas', 'remote']])('reads %s in a 200', (value, refresher) => {
    const ok = makeResponse(invite(), 200, undefined, { headers: [['Session-Expires', value]] });
    expect(sessionTimerFrom(ok, POLICY, T0)).toEqual({ intervalS: 600, minSeS: 90, refresher, refreshedAtMs: T0 });
  });

  it('a 200 without one sets none', () => {
    expect(sessionTimerFrom(makeResponse(invite(), 200), POLICY, T0)).toBeUndefined();
  });
});

describe('SessionTimer', () => {
  const run = (refresher: 'local' | 'remote') => {
    const machine = new SessionTimer();
    const out: SessionTimerEffect[] = [];
    machine.onAgreed({ intervalS: 600, minSeS: 90, refresher, refreshedAtMs: T0 }, T0, out);
    const at = (s: number) => {
      machine.onTimer(T0 + s * 1000, out);
      return out.splice(0);
    };
    return { machine, out, at, armed: out.splice(0) };
  };

  it('the refresher refreshes at half the interval, and ends the call when nobody answers (§10)', () => {
    const { armed, at } = run('local');
    expect(armed).toEqual([{ kind: 'setTimer', delayMs: 300_000 }]);
    expect(at(300)).toEqual([{ kind: 'refresh' }, { kind: 'setTimer', delayMs: 268_000 }]);
    expect(at(568)).toEqual([{ kind: 'expired' }]);
    expect(at(600)).toEqual([]);
  });

  it('the other side only waits', () => {
    const { armed, at } = run('remote');
    expect(armed).toEqual([{ kind: 'setTimer', delayMs: 568_000 }]);
    expect(at(568)).toEqual([{ kind: 'expired' }]);
  });

  it('a refresh starts the interval anew', () => {
    const { machine, out, at } = run('local');
    at(300);
    machine.onAgreed({ intervalS: 600, minSeS: 90, refresher: 'local', refreshedAtMs: T0 + 301_000 }, T0 + 301_000, out);
    expect(out.splice(0)).toEqual([{ kind: 'setTimer', delayMs: 300_000 }]);
    expect(at(568)).toEqual([{ kind: 'setTimer', delayMs: 33_000 }]);
    expect(at(601)[0]).toEqual({ kind: 'refresh' });
  });

  it('another node goes on with the same deadlines', () => {
    const machine = new SessionTimer();
    const out: SessionTimerEffect[] = [];
    machine.onAgreed({ intervalS: 600, minSeS: 90, refresher: 'local', refreshedAtMs: T0 }, T0 + 299_000, out);
    expect(out).toEqual([{ kind: 'setTimer', delayMs: 1000 }]);
  });

  it('stops when a refresh agreed on none', () => {
    const { machine, out } = run('local');
    machine.onAgreed(undefined, T0, out);
    expect(out).toEqual([{ kind: 'stopTimer' }]);
  });
});
