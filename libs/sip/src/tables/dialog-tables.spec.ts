import { type Dialog, dialogFromInvite, dialogFromResponse, confirm, onDialogRequest, onDialogResponse } from '../dialog/dialog.js';
import { OfferAnswer, type SdpCarrier } from '../dialog/offer-answer.js';
import { type ReliableEffect, ReliableSender } from '../dialog/reliable-provisionals.js';
import { SessionTimer, type SessionTimerEffect } from '../dialog/session-timer.js';
import { makeResponse } from '../message/make.js';
import { request } from '../transaction/testing.js';
import { type Walked, walkStateTable } from './testing.js';

const PAGE = 'sip-machines.md';

describe('Dialog', () => {
  const invite = request('INVITE', { cseq: 10 });
  const INPUTS = [
    '2xx sent', '2xx to INVITE', '486 to INVITE', '491 to INVITE', '481 to UPDATE', '408 to UPDATE', '481 to NOTIFY', '2xx to BYE', '401 to BYE', '500 to BYE',
    'newer request', 'older request', 'ACK', 'BYE',
  ];

  const walked = (dialog: Dialog): Walked => {
    let seq = 20;
    const received = (method: string, cseq: number): string[] => {
      const verdict = onDialogRequest(dialog, request(method, { cseq }));
      return [verdict.kind === 'accept' ? 'accept' : `refuse ${verdict.status}`];
    };
    return {
      get state() { return dialog.state; },
      feed(input) {
        const [first = '', to, method = ''] = input.split(' ');
        if (to === 'to') {
          onDialogResponse(dialog, makeResponse(request(method, { cseq: 11 }), first === '2xx' ? 200 : Number(first), undefined, { toTag: 'b1' }));
          return [];
        }
        switch (input) {
          case '2xx sent':
            confirm(dialog);
            return [];
          case 'newer request': return received('INFO', seq += 1);
          case 'older request': return received('INFO', 5);
          case 'ACK': return received('ACK', 10);
          default: return received('BYE', seq += 1);
        }
      },
    };
  };
  walkStateTable(PAGE, 'DialogUAS', () => walked(dialogFromInvite(invite, 'b1')), INPUTS);
  walkStateTable(PAGE, 'DialogUAC', () => {
    const dialog = dialogFromResponse(invite, makeResponse(invite, 180, undefined, { toTag: 'b1' }));
    // A request of theirs came before.
    dialog.remoteSeq = 10;
    return walked(dialog);
  }, INPUTS.filter((input) => input !== '2xx sent'));
});

describe('OfferAnswer', () => {
  const CARRIERS: readonly SdpCarrier[] = ['INVITE', 'UPDATE', 'PRACK', 'ACK', 'unreliable-1xx', 'reliable-1xx', '2xx'];
  const make = (): Walked => {
    const machine = new OfferAnswer();
    return {
      get state() {
        const { state, hasSession, offerless } = machine.snapshot();
        const base = offerless ? 'Offerless' : state === 'Stable' && hasSession ? 'Agreed' : state === 'Stable' ? 'New' : state;
        return hasSession && base !== 'Agreed' ? `${base} again` : base;
      },
      feed(input) {
        const [what, carrier] = input.split(' ') as [string, SdpCarrier];
        if (what === 'sent') return [machine.onSent(carrier) ?? 'forbidden'].filter((effect) => effect !== 'forbidden');
        if (what === 'got') {
          const verdict = machine.onReceived(carrier);
          return verdict.kind === 'accept' ? [verdict.meaning] : verdict.kind === 'refuse' ? [`refuse ${verdict.status}`] : [];
        }
        if (what === 'failed') machine.rollBack();
        else machine.onOfferlessInvite();
        return [];
      },
    };
  };
  walkStateTable(PAGE, 'OfferAnswer', make, [...CARRIERS.map((carrier) => `sent ${carrier}`), ...CARRIERS.map((carrier) => `got ${carrier}`), 'INVITE without', 'failed']);
});

describe('ReliableSender', () => {
  const make = (): Walked => {
    const machine = new ReliableSender<string>(500, 100);
    let rseq = 100;
    let sent = 0;
    let timers = 0;
    const told = (effect: ReliableEffect<string>): string => {
      if (effect.kind === 'send') rseq = effect.rseq;
      if (effect.kind === 'setTimer') timers += 1;
      return effect.kind === 'setTimer' ? `set ${effect.delayMs / 500}*T1` : effect.kind;
    };
    return {
      get state() { return machine.isPending ? (sent > 1 ? 'Pending, one waits' : 'Pending') : timers > 100 ? 'Failed' : 'Idle'; },
      feed(input) {
        const out: ReliableEffect<string>[] = [];
        switch (input) {
          case 'send':
            sent += 1;
            machine.send('180', out);
            break;
          case 'PRACK':
            if (machine.onPrack(request('PRACK', { headers: [['RAck', `${rseq} 1 INVITE`]] }), 1, out)) sent -= 1;
            break;
          case 'other PRACK':
            machine.onPrack(request('PRACK', { headers: [['RAck', `${rseq + 1} 1 INVITE`]] }), 1, out);
            break;
          case 'timer':
            machine.onTimer(out);
            break;
          default:
            sent = 0;
            machine.stop(out);
        }
        return out.map(told);
      },
    };
  };
  walkStateTable(PAGE, 'ReliableSender', make, ['send', 'PRACK', 'other PRACK', 'timer', 'final response']);
});

describe('SessionTimer', () => {
  const INTERVAL_S = 1800;
  const make = (): Walked => {
    const machine = new SessionTimer();
    let state = 'Off';
    let nowMs = 0;
    const agreed = (refresher: 'local' | 'remote', out: SessionTimerEffect[]): void =>
      machine.onAgreed({ intervalS: INTERVAL_S, minSeS: 90, refresher, refreshedAtMs: nowMs }, nowMs, out);
    return {
      get state() { return state; },
      feed(input) {
        const out: SessionTimerEffect[] = [];
        switch (input) {
          case 'agreed, we refresh':
            agreed('local', out);
            state = 'Refresher';
            break;
          case 'agreed, they refresh':
            agreed('remote', out);
            state = 'Waiting';
            break;
          case 'agreed on none':
            machine.onAgreed(undefined, nowMs, out);
            state = 'Off';
            break;
          case 'half of the interval':
            nowMs += INTERVAL_S * 500;
            machine.onTimer(nowMs, out);
            break;
          default:
            nowMs += INTERVAL_S * 1000;
            machine.onTimer(nowMs, out);
        }
        if (out.some(({ kind }) => kind === 'refresh')) state = 'Refreshing';
        if (out.some(({ kind }) => kind === 'expired')) state = 'Off';
        return out.map((effect) => (effect.kind === 'setTimer' ? `set ${effect.delayMs / 1000} s` : effect.kind));
      },
    };
  };
  walkStateTable(PAGE, 'SessionTimer', make, ['agreed, we refresh', 'agreed, they refresh', 'agreed on none', 'half of the interval', 'end of the interval']);
});
