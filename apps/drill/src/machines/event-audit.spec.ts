import { kv, type TEvent } from '#tlib';
import { EventAudit } from './event-audit.js';

const event = (msg: string, seq: number, more: object = {}, epoch = 1): TEvent => ({ msg, ThisDN: '7001', DNSequence: seq, OwnerEpoch: epoch, ...more });
const picture = (seq: number, extensions: object = {}, epoch = 1): TEvent => event('EventAddressInfo', seq, { Extensions: kv(extensions as never) }, epoch);
const connected = (resumed: boolean): TEvent => ({ msg: 'EventServerConnected', Resumed: resumed });

function heard(events: readonly TEvent[], others: readonly (readonly TEvent[])[] = []) {
  const audits = [events, ...others].map((each, n) => {
    const audit = new EventAudit(`m${n}`);
    for (const one of each) audit.on(one);
    return audit;
  });
  return audits[0]!.findings(audits.slice(1));
}

const RING = event('EventRinging', 2, { ConnID: 'a' });
const TALK = event('EventEstablished', 3, { ConnID: 'a' });
const OVER = event('EventReleased', 4, { ConnID: 'a' });

it('is content with numbers in order and a legal walk', () => {
  expect(heard([picture(1), RING, TALK, OVER])).toEqual({ events: 3, lost: 0, doubled: 0, illegal: 0, lines: [] });
});

it('finds a number that is missing within a session', () => {
  expect(heard([picture(1), RING, OVER])).toMatchObject({ lost: 1, lines: ['m0: EventReleased 1/4 of 7001 after 1/2: 1 missing'] });
});

it('finds doubles and late events of an old owner', () => {
  expect(heard([picture(1), RING, RING])).toMatchObject({ doubled: 1 });
  expect(heard([picture(1), event('EventAgentReady', 2, {}, 5), event('EventAgentReady', 3, {}, 4)])).toMatchObject({ doubled: 1 });
});

it('goes on after a resume as if nothing had been', () => {
  expect(heard([picture(1), RING, connected(true), TALK, OVER])).toMatchObject({ lost: 0, doubled: 0 });
  expect(heard([picture(1), RING, connected(true), RING])).toMatchObject({ doubled: 1 });
  expect(heard([picture(1), RING, connected(true), OVER])).toMatchObject({ lost: 1 });
});

it('takes what a new session leapt over for lost only when nobody heard it', () => {
  const mine = [picture(1), RING, connected(false), picture(4)];
  expect(heard(mine, [[picture(1), RING, TALK, OVER]])).toMatchObject({ lost: 0, illegal: 0 });
  expect(heard(mine)).toMatchObject({ lost: 2, lines: ['m0: nobody was told event 3 of 7001', 'm0: nobody was told event 4 of 7001'] });
});

it('lets numbers leap where events without one stood in for them and a picture says the number, and follows the call in them', () => {
  const out = { msg: 'EventDNOutOfService', ThisDN: '7001' } as TEvent;
  const gone = { msg: 'EventReleased', ThisDN: '7001', ConnID: 'a' } as TEvent;
  const theirs = [picture(1), RING, TALK, OVER, event('EventAgentReady', 5), event('EventAgentReady', 6)];
  expect(heard([picture(1), RING, gone, out, picture(5), event('EventAgentReady', 6)], [theirs])).toMatchObject({ lost: 0, illegal: 0 });
  expect(heard([picture(1), RING, gone, out, picture(5), event('EventAgentReady', 6)])).toMatchObject({ lost: 3 });
  expect(heard([picture(1), RING, gone, out, event('EventAgentReady', 6)], [theirs])).toMatchObject({ lost: 3 });
  expect(heard([picture(1), RING, gone, gone])).toMatchObject({ illegal: 1 });
});

it('after the outage of an owner that goes on, wants every number that it made meanwhile', () => {
  const standIns = ['EventReleased', 'EventRinging', 'EventEstablished'].map((msg) => ({ msg, ThisDN: '7001', ConnID: 'a' }) as TEvent);
  expect(heard([picture(1), RING, TALK, ...standIns, OVER])).toMatchObject({ lost: 0, illegal: 0 });
  expect(heard([picture(1), RING, TALK, ...standIns, event('EventReleased', 5, { ConnID: 'a' })])).toMatchObject({ lost: 1 });
});

it('takes the numbers of a later claim, on the other side of a cut, from its picture; without one they are lost', () => {
  const later = [picture(29, {}, 2), event('EventDNDOn', 30, {}, 2)];
  const there = [picture(1), RING, ...Array.from({ length: 28 }, (_, i) => event('EventDNDOff', 3 + i, {}, 2))];
  const ours = [picture(1), RING, TALK, OVER];
  expect(heard([...ours, ...later], [there])).toMatchObject({ lost: 0 });
  expect(heard([...ours, later[1]!], [there])).toMatchObject({ lost: 25 });
});

it('knows no calls in a new session until it is told of them', () => {
  const told = [picture(1), RING, connected(false)];
  const standIn = { msg: 'EventRinging', ThisDN: '7001', ConnID: 'a' } as TEvent;
  expect(heard([...told, standIn, picture(2, { 'conn-1': 'a', 'ps-1': 10 }), TALK])).toMatchObject({ lost: 0, illegal: 0 });
  expect(heard([...told, TALK])).toMatchObject({ illegal: 1 });
  expect(heard([...told, event('EventEstablished', 3, { ConnID: 'b' }), picture(4, { 'conn-1': 'b', 'ps-1': 12 })])).toMatchObject({ illegal: 1 });
});

it('begins with the calls of a picture', () => {
  expect(heard([picture(3, { 'conn-1': 'a', 'ps-1': 12 }), OVER])).toMatchObject({ illegal: 0 });
  expect(heard([picture(3), OVER])).toMatchObject({ illegal: 1, lines: ['m0: EventReleased of call a at 7001, which is not in the call'] });
});
