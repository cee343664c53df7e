import { makeResponse, type ResponseParts } from '../message/make.js';
import type { SipRequest } from '../message/message.js';
import { request } from '../transaction/testing.js';
import {
  confirm, type Dialog, dialogFromInvite, dialogFromResponse, dialogId, dialogIdOf, dialogNextHop, makeAck, makeInDialogRequest,
  onDialogRequest, onDialogResponse,
} from './dialog.js';
import { ForkedDialogs } from './forked-dialogs.js';
import { isReplaced, parseReplaces, refuseReplaces, replacesFor } from './replaces.js';

const BOB = '<sip:bob@192.0.2.4:5080>';
const RECORDED = [['Record-Route', '<sip:p2.example;lr>'], ['Record-Route', '<sip:p1.example;lr>']] as const;

function answer(to: SipRequest, status: number, toTag: string, contact = BOB, parts: ResponseParts = {}) {
  return makeResponse(to, status, undefined, { toTag, ...parts, headers: [['Contact', contact], ...(parts.headers ?? [])] });
}

function both(): { alice: Dialog; bob: Dialog; invite: SipRequest } {
  const invite = request('INVITE', { headers: RECORDED });
  const ok = answer(invite, 200, 'b1');
  const bob = dialogFromInvite(invite, 'b1');
  confirm(bob);
  return { alice: dialogFromResponse(invite, ok), bob, invite };
}

describe('Dialog (RFC 3261 §12)', () => {
  it('is the same dialog seen from both ends, the route set reversed at the UAC', () => {
    const { alice, bob } = both();
    expect(bob).toEqual({
      callId: 'call-1@192.0.2.1', localTag: 'b1', remoteTag: 'a1', localUri: '<sip:bob@example.com>', remoteUri: '<sip:alice@example.com>',
      remoteTarget: 'sip:alice@192.0.2.1:5060', routeSet: ['<sip:p2.example;lr>', '<sip:p1.example;lr>'],
      localSeq: undefined, remoteSeq: 1, secure: false, state: 'Confirmed', role: 'UAS',
    });
    expect(alice).toMatchObject({
      localTag: 'a1', remoteTag: 'b1', remoteTarget: 'sip:bob@192.0.2.4:5080', routeSet: ['<sip:p1.example;lr>', '<sip:p2.example;lr>'],
      localSeq: 1, remoteSeq: undefined, state: 'Confirmed', role: 'UAC',
    });
  });

  it('is plain data', () => {
    const { alice } = both();
    expect(JSON.parse(JSON.stringify(alice))).toEqual({ ...alice, remoteSeq: undefined });
  });

  it('requests of one end are found at the other', () => {
    const { alice, bob } = both();
    const bye = makeInDialogRequest(alice, 'BYE');
    expect([bye.method, bye.uri, bye.cseq.seq]).toEqual(['BYE', 'sip:bob@192.0.2.4:5080', 2]);
    expect(bye.values('Route')).toEqual(['<sip:p1.example;lr>', '<sip:p2.example;lr>']);
    expect(bye.headers('Via')).toEqual([]);
    expect(dialogIdOf(bye)).toBe(dialogId(bob));
    expect(onDialogRequest(bob, bye)).toEqual({ kind: 'accept' });
    expect(bob.state).toBe('Terminated');
  });

  it('starts at any CSeq of its own as UAS', () => {
    const { bob } = both();
    expect([makeInDialogRequest(bob, 'INFO').cseq.seq, makeInDialogRequest(bob, 'BYE').cseq.seq]).toEqual([1, 2]);
  });

  it('acknowledges with the number of the INVITE and the route set (§13.2.2.4)', () => {
    const { alice } = both();
    makeInDialogRequest(alice, 'INFO');
    const ack = makeAck(alice, 1);
    expect([ack.cseq, ack.uri, ack.values('Route')[0]]).toEqual([{ seq: 1, method: 'ACK' }, 'sip:bob@192.0.2.4:5080', '<sip:p1.example;lr>']);
    expect(alice.localSeq).toBe(2);
  });

  it('puts the target last when the first route is strict (§12.2.1.1)', () => {
    const { alice } = both();
    alice.routeSet = ['<sip:strict.example>', '<sip:p1.example;lr>'];
    const bye = makeInDialogRequest(alice, 'BYE');
    expect([bye.uri, bye.values('Route')]).toEqual(['sip:strict.example', ['<sip:p1.example;lr>', '<sip:bob@192.0.2.4:5080>']]);
    expect(dialogNextHop(alice)).toBe('sip:strict.example');
  });

  it('refuses what is older with 500, and lets gaps pass (§12.2.2)', () => {
    const { bob } = both();
    expect(onDialogRequest(bob, request('INFO', { cseq: 5 }))).toEqual({ kind: 'accept' });
    expect(onDialogRequest(bob, request('INFO', { cseq: 4 }))).toEqual({ kind: 'refuse', status: 500 });
    expect(onDialogRequest(bob, request('INFO', { cseq: 5 }))).toEqual({ kind: 'refuse', status: 500 });
    expect(onDialogRequest(bob, request('ACK', { cseq: 1 }))).toEqual({ kind: 'accept' });
    expect(bob.remoteSeq).toBe(5);
  });

  it('follows the target of a re-INVITE and an UPDATE, not of an INFO, nor of what it refused', () => {
    const { bob } = both();
    const moved = (method: string, cseq: number, contact: string) =>
      request(method, { cseq }).edit().replace('Contact', contact).build();
    onDialogRequest(bob, moved('INVITE', 2, '<sip:alice@new.example>'));
    expect(bob.remoteTarget).toBe('sip:alice@new.example');
    onDialogRequest(bob, moved('INFO', 3, '<sip:alice@info.example>'));
    onDialogRequest(bob, moved('UPDATE', 2, '<sip:alice@late.example>'));
    expect(bob.remoteTarget).toBe('sip:alice@new.example');
    onDialogRequest(bob, moved('UPDATE', 4, '<sip:alice@update.example>'));
    expect(bob.remoteTarget).toBe('sip:alice@update.example');
  });

  it('follows the target of a 2xx to its own re-INVITE; keeps the route set', () => {
    const { alice } = both();
    const again = makeInDialogRequest(alice, 'INVITE', { contact: '<sip:alice@192.0.2.1>' }).edit().prepend('Record-Route', '<sip:x;lr>').build();
    onDialogResponse(alice, answer(again, 200, 'b1', '<sip:bob@moved.example>'));
    expect([alice.remoteTarget, alice.routeSet[0]]).toEqual(['sip:bob@moved.example', '<sip:p1.example;lr>']);
  });

  it('an early dialog takes its route set from the 2xx (§13.2.2.4), and ends with a refusal', () => {
    const invite = request('INVITE');
    const early = dialogFromResponse(invite, answer(invite, 180, 'b1'));
    expect(early).toMatchObject({ state: 'Early', routeSet: [] });
    const refused = { ...early };
    onDialogResponse(early, answer(request('INVITE', { headers: RECORDED }), 200, 'b1'));
    expect(early).toMatchObject({ state: 'Confirmed', routeSet: ['<sip:p1.example;lr>', '<sip:p2.example;lr>'] });
    onDialogResponse(refused, answer(invite, 486, 'b1'));
    expect(refused.state).toBe('Terminated');
  });

  it.each([[481, 'Terminated'], [408, 'Terminated'], [491, 'Confirmed'], [500, 'Confirmed']])(
    'a %d to a re-INVITE leaves it %s (§12.2.1.2)', (status, state) => {
      const { alice } = both();
      onDialogResponse(alice, answer(makeInDialogRequest(alice, 'INVITE'), status, 'b1'));
      expect(alice.state).toBe(state);
    });

  it.each(['NOTIFY', 'SUBSCRIBE', 'REFER', 'PRACK', 'OPTIONS', 'MESSAGE'])('a 481 or 408 to %s ends no session (RFC 5057 §5.1)', (method) => {
    const { alice } = both();
    for (const status of [481, 408]) onDialogResponse(alice, answer(makeInDialogRequest(alice, method), status, 'b1'));
    expect(alice.state).toBe('Confirmed');
  });

  it('a terminated dialog answers 481', () => {
    const { bob } = both();
    onDialogRequest(bob, request('BYE', { cseq: 2 }));
    expect(onDialogRequest(bob, request('INFO', { cseq: 3 }))).toEqual({ kind: 'refuse', status: 481 });
  });

  it('keeps display names and parameters of From and To, without the tag', () => {
    const invite = request('INVITE').edit().replace('From', '"A; tag=x" <sip:alice@example.com;tag=uri>;x=1;tag=a1;y=2').build();
    expect(dialogFromInvite(invite, 'b1').remoteUri).toBe('"A; tag=x" <sip:alice@example.com;tag=uri>;x=1;y=2');
  });
});

describe('ForkedDialogs', () => {
  it('opens one dialog per To tag, and follows each', () => {
    const invite = request('INVITE');
    const forks = new ForkedDialogs(invite);
    expect(forks.onResponse(makeResponse(invite, 100))).toEqual({ dialog: undefined, isNew: false });
    const one = forks.onResponse(answer(invite, 180, 'b1'));
    const two = forks.onResponse(answer(invite, 183, 'b2'));
    expect([one.isNew, two.isNew, one.dialog?.remoteTag, two.dialog?.remoteTag]).toEqual([true, true, 'b1', 'b2']);
    expect(forks.onResponse(answer(invite, 200, 'b2')).isNew).toBe(false);
    expect(forks.all.map(({ state }) => state)).toEqual(['Early', 'Confirmed']);
  });

  it('a refusal ends the early dialogs', () => {
    const invite = request('INVITE');
    const forks = new ForkedDialogs(invite);
    forks.onResponse(answer(invite, 180, 'b1'));
    forks.onResponse(answer(invite, 486, 'b9'));
    expect(forks.all.map(({ state }) => state)).toEqual(['Terminated']);
  });

  it('is bounded', () => {
    const invite = request('INVITE');
    const forks = new ForkedDialogs(invite, 2);
    for (const tag of ['1', '2', '3']) forks.onResponse(answer(invite, 180, tag));
    expect(forks.all).toHaveLength(2);
  });
});

describe('Replaces (RFC 3891)', () => {
  it('names the dialog as its other end knows it', () => {
    const { alice, bob } = both();
    const replaces = parseReplaces(replacesFor(alice));
    expect(replaces).toEqual({ callId: 'call-1@192.0.2.1', toTag: 'b1', fromTag: 'a1', earlyOnly: false });
    if (replaces === undefined) throw new Error('not parsed');
    expect([isReplaced(bob, replaces), isReplaced(alice, replaces)]).toEqual([true, false]);
  });
  it.each(['', 'call', ';to-tag=1;from-tag=2', 'call;to-tag=1', 'call;from-tag=1'])('does not read %p', (value) => {
    expect(parseReplaces(value)).toBeUndefined();
  });
  it.each([
    ['nothing', undefined, false, 481], ['a confirmed dialog', ['Confirmed', 'UAS'], false, undefined],
    ['a confirmed dialog, early-only', ['Confirmed', 'UAS'], true, 486], ['an ended dialog', ['Terminated', 'UAS'], false, 603],
    ['a dialog that rings here', ['Early', 'UAS'], false, 481], ['a dialog that rings there', ['Early', 'UAC'], true, undefined],
  ] as const)('of %s', (_name, found, earlyOnly, status) => {
    const dialog = found === undefined ? undefined : { ...both().bob, state: found[0], role: found[1] };
    expect(refuseReplaces({ callId: 'x', toTag: '1', fromTag: '2', earlyOnly }, dialog)).toBe(status);
  });
});
