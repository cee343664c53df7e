import fc from 'fast-check';
import { makeRequest } from '../message/make.js';
import { parseUri, type SipUri, uriEquals } from '../uri/uri.js';
import { type Binding, processRegister, type RegistrarRules } from './process-register.js';

const RULES: Omit<RegistrarRules, 'nowMs'> = { defaultExpires: 140, minExpires: 60, maxExpires: 7200, maxBindings: 3 };

const contact = fc.tuple(
  fc.constantFrom('sip:a@1.example', 'sip:%61@1.EXAMPLE', 'sip:a@1.example;transport=tcp', 'sip:b@1.example', 'sip:a@2.example:5062', 'sip:c@3.example;x=1'),
  fc.constantFrom('', ';expires=0', ';expires=30', ';expires=60', ';expires=3600', ';expires=999999', ';expires=x', ';q=0.5', ';+sip.instance="<urn:1>";reg-id=1', ';+sip.instance="<urn:1>";reg-id=2'),
).map(([uri, params]) => `<${uri}>${params}`);
const register = fc.record({
  contacts: fc.oneof({ weight: 8, arbitrary: fc.array(contact, { maxLength: 4 }) }, { weight: 1, arbitrary: fc.constant<string[]>(['*']) }),
  callId: fc.constantFrom('one', 'two'), cseq: fc.integer({ min: 1, max: 6 }), expires: fc.constantFrom(undefined, '0', '61', '100000'), laterMs: fc.nat(200_000),
});

const uriOf = ({ contact: text }: Binding): SipUri => {
  const parsed = parseUri(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

function expectSound(bindings: readonly Binding[], nowMs: number): void {
  for (const { expiresAtMs } of bindings) {
    expect(expiresAtMs).toBeGreaterThan(nowMs);
    expect(expiresAtMs).toBeLessThanOrEqual(nowMs + RULES.maxExpires * 1000);
  }
  for (const [at, one] of bindings.entries()) {
    for (const other of bindings.slice(at + 1)) {
      const sameFlow = one.instanceId !== undefined && one.instanceId === other.instanceId && one.regId === other.regId;
      const sameUri = one.instanceId === undefined && other.instanceId === undefined && uriEquals(uriOf(one), uriOf(other));
      expect(sameFlow || sameUri).toBe(false);
    }
  }
}

it('any sequence of REGISTERs leaves sound bindings, and a refused one leaves them as they were (RFC 3261 §10.3)', () => {
  fc.assert(fc.property(fc.array(register, { maxLength: 12 }), (requests) => {
    let nowMs = 1_000_000;
    let bindings: readonly Binding[] = [];
    for (const { contacts, callId, cseq, expires, laterMs } of requests) {
      nowMs += laterMs;
      const live = bindings.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
      const outcome = processRegister(bindings, makeRequest({
        method: 'REGISTER', uri: 'sip:example.com', headers: [
          ['Via', 'SIP/2.0/UDP h;branch=z9hG4bK1'], ['From', '<sip:a@example.com>;tag=1'], ['To', '<sip:a@example.com>'], ['Call-ID', callId], ['CSeq', `${cseq} REGISTER`],
          ...contacts.map((value) => ['Contact', value] as const), ...(expires === undefined ? [] : [['Expires', expires] as const]),
        ],
      }), { ...RULES, nowMs });
      expect([200, 400, 403, 423, 500]).toContain(outcome.status);
      if (outcome.status === 200) expect(outcome.contacts).toHaveLength(outcome.bindings.length);
      else expect(outcome.bindings).toEqual(live);
      // An AOR that is full takes no more, and keeps what it has.
      expect(outcome.bindings.length).toBeLessThanOrEqual(Math.max(RULES.maxBindings, live.length));
      // What is left of the same UA is as new as the request that left it (§10.3 step 7).
      for (const before of live) {
        const after = outcome.bindings.find(({ contact: uri, callId: id, regId }) => uri === before.contact && id === before.callId && regId === before.regId);
        if (after !== undefined) expect(after.cseq).toBeGreaterThanOrEqual(before.cseq);
      }
      bindings = outcome.bindings;
      expectSound(bindings, nowMs);
    }
  }), { seed: 42, numRuns: 2_000 });
});
