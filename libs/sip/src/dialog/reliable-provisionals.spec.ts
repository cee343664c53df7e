import { makeResponse } from '../message/make.js';
import { request } from '../transaction/testing.js';
import { parseRAck, type ReliableEffect, ReliableReceiver, ReliableSender, reliableSequence } from './reliable-provisionals.js';

const T1 = 500;

function sender() {
  const machine = new ReliableSender<string>(T1, 100);
  const effects: ReliableEffect<string>[] = [];
  const lines = () => effects.splice(0).map((effect) => {
    switch (effect.kind) {
      case 'send': return `send ${effect.response} ${effect.rseq}`;
      case 'setTimer': return `wait ${effect.delayMs}`;
      case 'acknowledged': return `acknowledged ${effect.response}`;
      default: return effect.kind;
    }
  });
  const prack = (rack: string) => machine.onPrack(request('PRACK', { headers: [['RAck', rack]] }), 1, effects);
  return { machine, effects, lines, prack };
}

describe('ReliableSender (RFC 3262 §3)', () => {
  it('sends, repeats at T1 doubling, stops at the PRACK', () => {
    const { machine, effects, lines, prack } = sender();
    expect(machine.send('180', effects)).toBe(true);
    expect(lines()).toEqual(['send 180 100', 'wait 500']);
    machine.onTimer(effects);
    machine.onTimer(effects);
    expect(lines()).toEqual(['send 180 100', 'wait 1000', 'send 180 100', 'wait 2000']);
    expect(prack('100 1 INVITE')).toBe(true);
    expect(lines()).toEqual(['stopTimer', 'acknowledged 180']);
    expect(machine.isPending).toBe(false);
  });

  it('sends one at a time, each with the next RSeq', () => {
    const { machine, effects, lines, prack } = sender();
    machine.send('180', effects);
    machine.send('183', effects);
    expect(lines()).toEqual(['send 180 100', 'wait 500']);
    prack('100 1 INVITE');
    expect(lines()).toEqual(['stopTimer', 'acknowledged 180', 'send 183 101', 'wait 500']);
  });

  it.each(['99 1 INVITE', '100 2 INVITE', '100 1 UPDATE', 'nonsense', ''])('refuses the RAck %p', (rack) => {
    const { machine, effects, prack } = sender();
    machine.send('180', effects);
    expect(prack(rack)).toBe(false);
    expect(machine.isPending).toBe(true);
  });

  it('refuses the same PRACK a second time', () => {
    const { machine, effects, prack } = sender();
    machine.send('180', effects);
    expect([prack('100 1 INVITE'), prack('100 1 INVITE')]).toEqual([true, false]);
  });

  it('gives up after 64*T1', () => {
    const { machine, effects } = sender();
    machine.send('180', effects);
    let waitedMs = 0;
    for (let last = effects.at(-1); last?.kind === 'setTimer'; last = effects.at(-1)) {
      waitedMs += last.delayMs;
      machine.onTimer(effects);
    }
    expect([waitedMs, effects.at(-1)]).toEqual([64 * T1, { kind: 'failed' }]);
  });

  it('stops when the INVITE is answered', () => {
    const { machine, effects, lines, prack } = sender();
    machine.send('180', effects);
    lines();
    machine.stop(effects);
    expect(lines()).toEqual(['stopTimer']);
    expect(prack('100 1 INVITE')).toBe(false);
  });

  it('goes on elsewhere: what is open is sent again with its RSeq, then what waits', () => {
    const first = sender();
    first.machine.send('180', first.effects);
    first.machine.send('183', first.effects);
    const effects: ReliableEffect<string>[] = [];
    const machine = ReliableSender.restore<string>(JSON.parse(JSON.stringify(first.machine.snapshot())), T1, effects);
    expect(effects.splice(0)).toEqual([{ kind: 'send', response: '180', rseq: 100 }, { kind: 'setTimer', delayMs: 500 }]);
    expect(machine.onPrack(request('PRACK', { headers: [['RAck', '100 1 INVITE']] }), 1, effects)).toBe(true);
    expect(effects.splice(0)[2]).toEqual({ kind: 'send', response: '183', rseq: 101 });
    machine.stop(effects);
    expect(machine.snapshot()).toEqual({ rseq: 101, open: [] });
  });

  it('holds back a bounded number', () => {
    const { machine, effects } = sender();
    const taken = Array.from({ length: 12 }, () => machine.send('183', effects)).filter(Boolean);
    expect(taken).toHaveLength(9);
  });
});

describe('ReliableReceiver (RFC 3262 §4)', () => {
  const provisional = (rseq: string, require = '100rel', status = 180) =>
    makeResponse(request('INVITE', { cseq: 7 }), status, undefined, { toTag: 'b', headers: [['Require', require], ['RSeq', rseq]] });

  it('acknowledges each new one once, in order', () => {
    const receiver = new ReliableReceiver();
    expect(receiver.onResponse(provisional('5'))).toBe('5 7 INVITE');
    expect(receiver.onResponse(provisional('5'))).toBeUndefined();
    expect(receiver.onResponse(provisional('7'))).toBeUndefined();
    expect(receiver.onResponse(provisional('6'))).toBe('6 7 INVITE');
    expect(parseRAck('6 7 INVITE')).toEqual({ rseq: 6, cseq: 7, method: 'INVITE' });
  });

  it.each([['no RSeq', '', '100rel', 180], ['not required', '5', 'timer', 180], ['a 100', '5', '100rel', 100], ['a 200', '5', '100rel', 200], ['RSeq 0', '0', '100rel', 180]])(
    'is not reliable: %s', (_name, rseq, require, status) => {
      expect(reliableSequence(provisional(rseq, require, status))).toBeUndefined();
    });
});
