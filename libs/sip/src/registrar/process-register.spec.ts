import { request } from '../transaction/testing.js';
import { type Binding, processRegister, type RegistrarRules } from './process-register.js';

const NOW = 1_000_000;
const RULES: RegistrarRules = { nowMs: NOW, defaultExpires: 140, minExpires: 60, maxExpires: 7200, maxBindings: 3 };

function register(bindings: readonly Binding[], contacts: readonly string[], over: { cseq?: number; callId?: string; headers?: [string, string][]; rules?: Partial<RegistrarRules> } = {}) {
  const made = request('REGISTER', {
    uri: 'sip:example.com', cseq: over.cseq ?? 1, callId: over.callId ?? 'reg-1',
    headers: [...contacts.map((contact): [string, string] => ['Contact', contact]), ...(over.headers ?? [])],
  });
  // The helper's own Contact is the first; it is not wanted here.
  const own = made.edit().removeFirst('Contact').build();
  return processRegister(bindings, own, { ...RULES, ...over.rules });
}

const bound = (...contacts: string[]) => register([], contacts).bindings;

describe('processRegister (RFC 3261 §10.3)', () => {
  it('adds a binding with the default lifetime (PRX-06)', () => {
    const outcome = register([], ['<sip:7001@192.0.2.1:5060>']);
    expect(outcome).toEqual({
      status: 200, contacts: ['<sip:7001@192.0.2.1:5060>;expires=140'], headers: [],
      bindings: [{ contact: 'sip:7001@192.0.2.1:5060', expiresAtMs: NOW + 140_000, callId: 'reg-1', cseq: 1, q: 1, path: [] }],
    });
  });

  it.each([
    ['the parameter before the header', '<sip:a@h>;expires=300', '600', 300],
    ['the header', '<sip:a@h>', '600', 600],
    ['no longer than allowed', '<sip:a@h>;expires=100000', undefined, 7200],
    ['the default for nonsense', '<sip:a@h>;expires=soon', undefined, 140],
  ])('lifetime: %s', (_name, contact, expires, seconds) => {
    const headers: [string, string][] = expires === undefined ? [] : [['Expires', expires]];
    expect(register([], [contact], { headers }).bindings[0]?.expiresAtMs).toBe(NOW + seconds * 1000);
  });

  it('refuses a lifetime that is too short with 423 and says what is not', () => {
    expect(register([], ['<sip:a@h>;expires=59'])).toMatchObject({ status: 423, headers: [['Min-Expires', '60']], bindings: [] });
  });

  it('refreshes the same contact, compared as a URI (§19.1.4)', () => {
    const outcome = register(bound('<sip:%61@H.example;transport=udp>'), ['<sip:a@h.example;transport=UDP>;expires=200'], { cseq: 2 });
    expect(outcome.bindings).toHaveLength(1);
    expect(outcome.bindings[0]).toMatchObject({ contact: 'sip:%61@H.example;transport=udp', expiresAtMs: NOW + 200_000, cseq: 2 });
  });

  it('keeps contacts that differ', () => {
    expect(register(bound('<sip:a@h;transport=udp>'), ['<sip:a@h;transport=tcp>'], { cseq: 2 }).bindings).toHaveLength(2);
  });

  it('removes one, several, and all', () => {
    const three = bound('<sip:a@1>', '<sip:a@2>', '<sip:a@3>');
    expect(register(three, ['<sip:a@1>;expires=0', '<sip:a@3>;expires=0'], { cseq: 2 }).contacts).toEqual(['<sip:a@2>;expires=140']);
    expect(register(three, ['*'], { cseq: 2, headers: [['Expires', '0']] })).toMatchObject({ status: 200, bindings: [], contacts: [] });
  });

  it.each([
    ['* without Expires', ['*'], undefined], ['* with a lifetime', ['*'], '60'], ['* beside another', ['*', '<sip:a@1>'], '0'],
    ['* after another', ['<sip:a@1>', '*'], '0'],
  ])('%s is 400 and changes nothing', (_name, contacts, expires) => {
    const before = bound('<sip:a@9>');
    const headers: [string, string][] = expires === undefined ? [] : [['Expires', expires]];
    expect(register(before, contacts, { cseq: 2, headers })).toMatchObject({ status: 400, bindings: before });
  });

  it('lists without changing when it has no Contact', () => {
    const before = bound('<sip:a@1>;q=0.5');
    expect(register(before, [], { rules: { nowMs: NOW + 40_000 } })).toMatchObject({ status: 200, contacts: ['<sip:a@1>;expires=100;q=0.5'], bindings: before });
  });

  it.each([1, 2])('refuses an old CSeq (%d) of the same UA with 500, as a whole', (cseq) => {
    const before = register(bound('<sip:a@1>'), ['<sip:a@1>'], { cseq: 2 }).bindings;
    expect(register(before, ['<sip:a@new>', '<sip:a@1>'], { cseq })).toMatchObject({ status: 500, bindings: before });
    expect(register(before, ['*'], { cseq, headers: [['Expires', '0']] })).toMatchObject({ status: 500, bindings: before });
  });

  it('takes any CSeq of another Call-ID: the phone was restarted', () => {
    expect(register(register([], ['<sip:a@1>'], { cseq: 9 }).bindings, ['<sip:a@1>'], { cseq: 1, callId: 'reg-2' }).bindings[0]).toMatchObject({ callId: 'reg-2', cseq: 1 });
  });

  it('forgets what has expired', () => {
    expect(register(bound('<sip:a@1>'), ['<sip:a@2>'], { cseq: 2, rules: { nowMs: NOW + 140_000 } }).bindings.map(({ contact }) => contact)).toEqual(['sip:a@2']);
  });

  it('refuses one contact too many, still refreshes', () => {
    const full = bound('<sip:a@1>', '<sip:a@2>', '<sip:a@3>');
    expect(register(full, ['<sip:a@4>'], { cseq: 2 })).toMatchObject({ status: 403, bindings: full });
    expect(register(full, ['<sip:a@3>'], { cseq: 2 }).status).toBe(200);
    expect(register(full, ['<sip:a@3>'], { cseq: 2, rules: { maxBindings: 1 } }).status).toBe(200);
  });

  it('keeps the Path and shows it to the phone (RFC 3327)', () => {
    const outcome = register([], ['<sip:a@1>'], { headers: [['Path', '<sip:p1;lr>, <sip:p2;lr>'], ['Supported', 'path']] });
    expect(outcome.bindings[0]?.path).toEqual(['<sip:p1;lr>', '<sip:p2;lr>']);
    expect(outcome.headers).toEqual([['Path', '<sip:p1;lr>'], ['Path', '<sip:p2;lr>']]);
  });

  it('an instance that moves to a known address takes the place of both bindings', () => {
    const before = bound('<sip:a@2>', '<sip:a@1>;+sip.instance="<urn:uuid:1>";reg-id=1');
    expect(register(before, ['<sip:a@2>;+sip.instance="<urn:uuid:1>";reg-id=1'], { cseq: 2 }).contacts)
      .toEqual(['<sip:a@2>;expires=140;+sip.instance="<urn:uuid:1>";reg-id=1']);
  });

  it('an instance that moved keeps one binding per reg-id (RFC 5626)', () => {
    const contact = (host: string, regId: number) => `<sip:a@${host}>;+sip.instance="<urn:uuid:1>";reg-id=${regId}`;
    const before = bound(contact('1', 1), contact('2', 2));
    const outcome = register(before, [contact('3', 1)], { cseq: 2 });
    expect(outcome.contacts).toEqual([
      '<sip:a@2>;expires=140;+sip.instance="<urn:uuid:1>";reg-id=2', '<sip:a@3>;expires=140;+sip.instance="<urn:uuid:1>";reg-id=1',
    ]);
  });
});
