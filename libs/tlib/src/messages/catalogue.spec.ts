import { decodeRequest } from '../codec/decode.js';
import { eventProblems } from '../codec/check-event.js';
import { ATTRIBUTES } from './attributes.js';
import { ENUMS } from './enums.js';
import { ERROR_MEANINGS, TError } from './error-codes.js';
import { EVENT_RULES } from './events.js';
import { ACCEPTED, OPENING, portRefusal, type ServerRole } from './ports.js';
import { REQUEST_RULES } from './requests.js';

const roles = Object.keys(ACCEPTED) as ServerRole[];

describe('requests', () => {
  it.each([...REQUEST_RULES.values()].map((rule) => [rule.msg, rule] as const))('%s is served somewhere and answered by a known event, or says why not', (msg, rule) => {
    const accepting = roles.filter((role) => ACCEPTED[role].has(msg));
    expect(rule.unserved === undefined && msg !== OPENING).toBe(accepting.length > 0);
    expect(rule.answers.length > 0).toBe(rule.unserved === undefined);
    for (const answer of rule.answers) expect(EVENT_RULES.has(answer)).toBe(true);
    for (const role of roles) {
      if (msg !== OPENING && !accepting.includes(role)) expect(portRefusal(role, rule)).toMatch(/is not served: .{10}|send it to /);
    }
  });

  it('are all those of T-Library 0 to 180', () => {
    for (const name of ['RequestSetDNInfo', 'RequestPlayVoiceFile', 'RequestNetworkMerge', 'RequestCollectDigits', 'RequestTransactionMonitoring']) {
      expect(decodeRequest(`{"msg":"${name}"}`)).toMatchObject({ ok: true });
    }
  });

  it('that nobody serves name what to use instead', () => {
    expect(portRefusal('TController', REQUEST_RULES.get('RequestGiveMusicTreatment')!)).toBe(
      'RequestGiveMusicTreatment is not served: there is no media server; send RequestApplyTreatment with TreatmentType RingBack',
    );
    expect(portRefusal('SmartProxy', REQUEST_RULES.get('RequestReserveAgent')!)).toBe(
      'the SmartProxy port does not accept RequestReserveAgent: send it to a vq-server',
    );
  });
});

describe('attributes', () => {
  it('are all used, and each enumeration too', () => {
    const rules = [...REQUEST_RULES.values(), ...EVENT_RULES.values()].flatMap((rule) => rule.attributes);
    expect(Object.keys(ATTRIBUTES).filter((name) => !rules.some((rule) => rule.name === name))).toEqual([]);
    expect(Object.keys(ENUMS).filter((name) => !rules.some((rule) => rule.type === name))).toEqual([]);
  });
});

it('every error code says what it means', () => {
  expect(Object.keys(ERROR_MEANINGS)).toEqual(Object.keys(TError));
  expect(Object.values(TError)).toEqual([...Object.values(TError)].sort((a, b) => a - b));
});

describe('eventProblems', () => {
  const good = { msg: 'EventDNDOn', EventSequenceNumber: 3, ThisDN: '7001', Time: { sec: 1, usec: 2 }, Server: 'N1', DNSequence: 1, OwnerEpoch: 5 };

  it('finds none in an event as the catalogue says', () => expect(eventProblems(good)).toEqual([]));

  it.each([
    [{ ...good, ThisDN: undefined }, 'EventDNDOn lacks ThisDN'],
    [{ ...good, DNSequence: '1' }, 'DNSequence of EventDNDOn must be an integer'],
    [{ ...good, Colour: 'red' }, 'EventDNDOn has Colour, which its rule does not know'],
    [{ ...good, msg: 'EventNobodyKnows' }, 'there is no event called EventNobodyKnows'],
  ])('%j', (event, problem) => expect(eventProblems(event)).toEqual([problem]));
});
