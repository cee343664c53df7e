/** Each checker, fed a good history and bad ones: a checker that cannot fail proves nothing. */
import type { TEvent } from '#tlib';
import { BoundedWait } from './invariants/bounded-wait.js';
import { LegalWalk } from './invariants/legal-walk.js';
import { NeverAboveLimit } from './invariants/never-above-limit.js';
import { NoRefusalWithoutReason, type Refused } from './invariants/no-refusal-without-reason.js';
import { NothingBusy } from './invariants/nothing-busy.js';
import { OneCallPerAgent } from './invariants/one-call-per-agent.js';
import { OneOwner } from './invariants/one-owner.js';
import { RefusedHasNoSlot } from './invariants/refused-has-no-slot.js';
import { ReplicasAgree } from './invariants/replicas-agree.js';
import { ShadowsCountAlike } from './invariants/shadows-count-alike.js';
import { SipEnds } from './invariants/sip-ends.js';
import { SlotsOfLiveCalls } from './invariants/slots-of-live-calls.js';

const A = '0010000000000001';
const B = '0010000000000002';

const numbered = (msg: string, epoch: number, seq: number, server = 'N1', connID = A): TEvent =>
  ({ msg, ThisDN: '7001', ConnID: connID, OwnerEpoch: epoch, DNSequence: seq, Server: server });
const ofCall = (msg: string, connID = A, more: object = {}): TEvent => ({ msg, ThisDN: '7001', ConnID: connID, ...more });
const routed = (msg: string, connID = A): TEvent => ofCall(msg, connID, { ThisQueue: '5000' });
const ofAgent = (msg: string): TEvent => ({ msg, ThisDN: '7001', AgentID: 'agent7001' });

describe('1 one owner', () => {
  const after = (...events: [receiver: string, event: TEvent][]): string | undefined => {
    const checker = new OneOwner();
    for (const [receiver, event] of events) checker.accepted(receiver, event);
    return checker.problem;
  };

  it('lets an owner be succeeded by a higher epoch, and receivers lag behind', () => {
    expect(after(
      ['m1', numbered('EventRinging', 10, 4)], ['m1', numbered('EventReleased', 11, 5, 'N2')], ['m2', numbered('EventRinging', 10, 4)],
      ['m1', { msg: 'EventDNOutOfService', ThisDN: '7001' }],
    )).toBeUndefined();
  });

  it('lets a client that registers anew hear the number it knows, and sees an older picture', () => {
    const picture = (epoch: number, seq: number): TEvent => ({ ...numbered('EventRegistered', epoch, seq), ConnID: undefined });
    expect(after(['d1', numbered('EventRinging', 10, 5)], ['d1', picture(10, 5)], ['d2', numbered('EventRinging', 10, 5)])).toBeUndefined();
    expect(after(['d1', numbered('EventRinging', 10, 5)], ['d1', picture(10, 4)])).toBe('d1 accepted number 4 of 7001 after number 5');
  });

  it('sees a lower epoch accepted after a higher one', () => {
    expect(after(['m1', numbered('EventRinging', 11, 5, 'N2')], ['m1', numbered('EventReleased', 10, 6)]))
      .toBe('m1 accepted epoch 10 of 7001 after epoch 11');
  });

  it('sees numbers that leap without a picture, in one epoch and over two', () => {
    const picture = { ...numbered('EventAddressInfo', 11, 9, 'N2'), ConnID: undefined };
    expect(after(['m1', numbered('EventRinging', 10, 5)], ['m1', numbered('EventReleased', 10, 7)]))
      .toBe('m1 was told 7 of 7001 in epoch 10 after 5 in epoch 10, and nothing in between');
    expect(after(['m1', numbered('EventRinging', 10, 5)], ['m1', numbered('EventReleased', 11, 10, 'N2')])).toContain('and nothing in between');
    expect(after(['m1', numbered('EventRinging', 10, 5)], ['m1', picture], ['m1', numbered('EventReleased', 11, 10, 'N2')])).toBeUndefined();
  });

  it('sees a picture that leaps at a monitor over what the owner of that epoch still holds', () => {
    const picture = { ...numbered('EventAddressInfo', 10, 9), ConnID: undefined };
    expect(after(['monitor N1', numbered('EventRinging', 10, 5)], ['monitor N1', picture])).toContain('leapt over');
    expect(after(['desktop 7001', numbered('EventRinging', 10, 5)], ['desktop 7001', picture])).toBeUndefined();
  });

  it('lets a receiver that is connected again begin with any number', () => {
    const checker = new OneOwner();
    checker.accepted('m1', numbered('EventRinging', 10, 5));
    checker.anew('m1');
    checker.accepted('m1', numbered('EventReleased', 10, 9));
    expect(checker.problem).toBeUndefined();
  });

  it('sees a number told twice', () => {
    expect(after(['m1', numbered('EventRinging', 10, 5)], ['m1', numbered('EventRinging', 10, 5)])).toBe('m1 accepted number 5 of 7001 after number 5');
  });

  it('sees two nodes speak in one epoch', () => {
    expect(after(['m1', numbered('EventRinging', 10, 4)], ['m2', numbered('EventReleased', 10, 5, 'N2')])).toBe('N1 and N2 both spoke for 7001 in epoch 10');
  });

  it('sees two receivers told different things under one number', () => {
    expect(after(['m1', numbered('EventRinging', 10, 4)], ['m2', numbered('EventReleased', 10, 4)])).toContain('number 4 of 7001 in epoch 10 was EventRinging');
  });

  it('sees two owners when all is quiet', () => {
    const checker = new OneOwner();
    checker.ownersAtQuiet('7001', ['N1']);
    expect(checker.problem).toBeUndefined();
    checker.ownersAtQuiet('7001', ['N1', 'N2']);
    expect(checker.problem).toBe('7001 is owned by N1 and N2');
  });
});

describe('2 one call per agent', () => {
  const ready = (): OneCallPerAgent => {
    const checker = new OneCallPerAgent('m1');
    checker.heard(ofAgent('EventAgentLogin'));
    checker.heard(ofAgent('EventAgentReady'));
    return checker;
  };

  it('lets one call follow another, and a direct one come beside it', () => {
    const checker = ready();
    for (const event of [routed('EventRinging'), ofCall('EventRinging', B), routed('EventReleased'), routed('EventRinging', B)]) checker.heard(event);
    expect(checker.problem).toBeUndefined();
  });

  it('sees two routed calls at once', () => {
    const checker = ready();
    checker.heard(routed('EventRinging'));
    checker.heard(routed('EventRinging', B));
    expect(checker.problem).toBe(`m1: the agent of 7001 has the routed calls ${A} and ${B} at once`);
  });

  it('sees a routed call ring at an agent who is not ready, unless it was granted before', () => {
    const granted = ready();
    granted.granted('7001', A, 'Ready', 0);
    granted.heard(ofAgent('EventAgentNotReady'));
    granted.heard(routed('EventRinging'));
    expect(granted.problem).toBeUndefined();
    const other = ready();
    other.heard(ofAgent('EventAgentNotReady'));
    other.heard(routed('EventRinging'));
    expect(other.problem).toBe(`m1: call ${A} rings at 7001 although the agent is not ready`);
  });

  it('lets a call ring that was granted again before the end of its first ringing was heard, and no further time', () => {
    const checker = ready();
    const ends = (seq: number): TEvent => ofCall('EventReleased', A, { ThisQueue: '5000', DNSequence: seq });
    checker.granted('7001', A, 'Ready', 24);
    checker.heard(routed('EventRinging'));
    checker.granted('7001', A, 'Ready', 26);
    checker.heard(ends(26));
    checker.heard(ofAgent('EventAgentNotReady'));
    checker.heard(routed('EventRinging'));
    expect(checker.problem).toBeUndefined();
    checker.heard(ends(29));
    checker.heard(routed('EventRinging'));
    expect(checker.problem).toContain('although the agent is not ready');
  });

  it('sees an owner grant a call while the agent is not ready', () => {
    const checker = ready();
    checker.granted('7001', A, 'NotReady', 0);
    expect(checker.problem).toContain('although the agent was not ready');
  });
});

describe('3 legal walk', () => {
  const after = (...events: TEvent[]): string | undefined => {
    const checker = new LegalWalk('m1');
    for (const event of events) checker.heard(event);
    checker.atQuiet();
    return checker.problem;
  };

  it('lets calls come and go', () => {
    expect(after(
      ofCall('EventRinging'), ofCall('EventDialing', B), ofCall('EventEstablished'), ofCall('EventHeld'), ofCall('EventAttachedDataChanged'),
      ofCall('EventRetrieved'), ofCall('EventReleased'), ofCall('EventReleased', B),
    )).toBeUndefined();
  });

  it('begins with the calls that there are when a client registers anew', () => {
    const picture = { msg: 'EventRegistered', ThisDN: '7001', Extensions: [['conn-1', B], ['ps-1', 12]] } as const;
    expect(after(ofCall('EventRinging'), picture, ofCall('EventReleased', B))).toBeUndefined();
    expect(after(picture, ofCall('EventEstablished', B))).toContain('which is Established');
  });

  it('begins with the calls of a first picture; a later one must have those that events led to, and an answer may have others', () => {
    const picture = { msg: 'EventAddressInfo', ThisDN: '7001', Extensions: [['conn-1', B], ['ps-1', 12]] } as const;
    expect(after(picture, ofCall('EventHeld', B), picture, ofCall('EventReleased', B))).toBeUndefined();
    expect(after(ofCall('EventRinging'), picture)).toContain(`a picture of 7001 has the calls [7001 ${B}], events led to [7001 ${A}]`);
    expect(after(ofCall('EventRinging'), { ...picture, ReferenceID: 3 }, ofCall('EventReleased'))).toBeUndefined();
  });

  it.each([
    ['an answer before anything rang', [ofCall('EventEstablished')], 'EventEstablished'],
    ['two ends of one call', [ofCall('EventRinging'), ofCall('EventReleased'), ofCall('EventReleased')], 'which is not in the call'],
    ['a ringing that abandons after the answer', [ofCall('EventRinging'), ofCall('EventEstablished'), ofCall('EventAbandoned')], 'which is Established'],
    ['a call that never ends', [ofCall('EventRinging')], 'is still Ringing'],
  ])('sees %s', (_what, events, problem) => {
    expect(after(...events)).toContain(problem);
  });
});

describe('4 bounded wait', () => {
  const queued = { msg: 'EventQueued', ThisDN: '5000', ConnID: A } as const;

  it('lets a caller wait, and leave', () => {
    const checker = new BoundedWait(1_000);
    checker.heard(queued, 0);
    checker.at(1_000);
    checker.heard({ ...queued, msg: 'EventDiverted' }, 1_000);
    checker.at(5_000);
    checker.atQuiet();
    expect(checker.problem).toBeUndefined();
  });

  it('takes a picture without the call for its leaving, if the picture is of its node', () => {
    const checker = new BoundedWait(1_000);
    checker.heard(queued, 0);
    checker.pictured('5000', [], (connID) => connID.startsWith('002'));
    checker.atQuiet();
    expect(checker.problem).toContain('is forgotten there');
    const pictured = new BoundedWait(1_000);
    pictured.heard(queued, 0);
    pictured.pictured('5000', [B], (connID) => connID.startsWith('001'));
    pictured.atQuiet();
    expect(pictured.problem).toBeUndefined();
  });

  it('sees a caller who waits too long, or is left there', () => {
    const late = new BoundedWait(1_000);
    late.heard(queued, 0);
    late.at(3_000);
    expect(late.problem).toBe(`the call at 5000 ${A} has waited for 3 s`);
    const forgotten = new BoundedWait(1_000);
    forgotten.heard(queued, 0);
    forgotten.atQuiet();
    expect(forgotten.problem).toBe(`the call at 5000 ${A} is forgotten there`);
  });
});

describe('5 nothing busy', () => {
  it('sees what outlives its call, and a count that cannot be read', () => {
    const idle = new NothingBusy();
    idle.atQuiet([{ what: 'calls at N1', busy: 0 }]);
    expect(idle.problem).toBeUndefined();
    const busy = new NothingBusy();
    busy.atQuiet([{ what: 'calls at N1', busy: 0 }, { what: 'reservations', busy: 2 }, { what: 'legs at N1', busy: NaN }]);
    expect(busy.problem).toBe('still busy: 2 reservations, NaN legs at N1');
  });
});

describe('6 SIP ends', () => {
  it('sees a request without an answer, unless something was in the way', () => {
    const excused = new SipEnds();
    excused.trouble(1_000, 9_000);
    excused.unanswered('phone', 'BYE', 8_000, 40_000);
    expect(excused.problem).toBeUndefined();
    excused.unanswered('phone', 'BYE', 9_500, 41_500);
    expect(excused.problem).toBe('phone never had an answer to its BYE of 32000 ms ago, and nothing was in the way');
  });

  it.each([[1, 0, 'phone has 1 transactions without an outcome'], [0, 1, 'phone has 1 dialogs that nobody ends'], [0, 0, undefined]])(
    'sees what is left: %i transactions, %i dialogs', (pending, dialogs, problem) => {
      const checker = new SipEnds();
      checker.atQuiet([{ name: 'phone', pending, dialogs }]);
      expect(checker.problem).toBe(problem);
    },
  );
});

describe('7 replicas agree', () => {
  it('sees who says something else', () => {
    const checker = new ReplicasAgree();
    checker.atQuiet('7001', new Map([['N1', 'ready'], ['N2', 'ready']]));
    expect(checker.problem).toBeUndefined();
    checker.atQuiet('7001', new Map([['N1', 'ready'], ['N2', 'not ready']]));
    expect(checker.problem).toBe('of 7001, N1 says ready and N2 says not ready');
  });
});

describe('limits 1 slots are those of live calls', () => {
  const after = (what: (checker: SlotsOfLiveCalls) => void): string | undefined => {
    const checker = new SlotsOfLiveCalls();
    what(checker);
    return checker.problem;
  };
  const slot = { call: 'call 1', by: 'session-controller/N1', sentMs: 5_000 };

  it('lets a call that has ended have the slots that it was told to have while it lived', () => {
    expect(after((checker) => {
      checker.tells('N1', 'call 1', true);
      checker.slot({ ...slot, endedMs: undefined });
      checker.slot({ ...slot, endedMs: 5_500 });
      checker.slot({ ...slot, by: 'sip-proxy', endedMs: 1_000 });
      checker.counted('dnis:5000', 2, 2);
      checker.atQuiet('dnis:5000', 0, 0);
    })).toBeUndefined();
  });

  it('sees slots of calls that are over or nobody has, and calls without', () => {
    expect(after((checker) => checker.slot({ ...slot, endedMs: 1_000 }))).toBe('session-controller/N1 held a slot of call 1 4000 ms after it had ended');
    expect(after((checker) => checker.tells('N1', 'call 1', false))).toBe('N1 holds slots of call 1, which it does not have');
    expect(after((checker) => checker.counted('dnis:5000', 2, 1))).toBe('the store has 2 calls at dnis:5000, and was told of 1');
    expect(after((checker) => checker.missing('call 1', 30_000))).toBe('call 1 lives and has no slot, although nothing was in the way for 30000 ms');
    expect(after((checker) => checker.atQuiet('dnis:5000', 1, 0))).toBe('at quiet dnis:5000 has 1, and 0 live');
  });
});

describe('limits 2 never above the limit', () => {
  const after = (figure: number, others?: number): string | undefined => {
    const checker = new NeverAboveLimit();
    checker.letIn({ call: 'call 3', check: 'r1', limit: 2, figure, others });
    return checker.problem;
  };

  it('lets in up to the limit', () => {
    expect(after(2)).toBeUndefined();
    expect(after(2, 1)).toBeUndefined();
  });

  it('sees one more, by the figure or by the calls that live', () => {
    expect(after(3)).toBe('call 3 was let in by r1 of 2, which has 3 with it');
    expect(after(2, 2)).toBe('call 3 was let in by r1 of 2 although 2 others live');
  });
});

describe('limits 3 no refusal without a reason', () => {
  const after = (more: Partial<Refused>): string | undefined => {
    const checker = new NoRefusalWithoutReason();
    checker.refused({
      call: 'call 1', proxy: 'P1', rule: 'r1', mode: 'dnis', withoutStore: '', full: ['r1'], isAllBusy: false, storeFailed: false, ...more,
    });
    return checker.problem;
  };

  it('takes a rule that the store said, one that counts nothing, a mode, and a policy without the store', () => {
    expect(after({})).toBeUndefined();
    expect(after({ full: undefined, isAllBusy: true })).toBeUndefined();
    expect(after({ mode: 'all-busy', rule: undefined })).toBeUndefined();
    expect(after({ withoutStore: 'closed', rule: undefined, storeFailed: true })).toBeUndefined();
    expect(after({ withoutStore: 'share', full: undefined, storeFailed: true })).toBeUndefined();
  });

  it('sees none of them', () => {
    expect(after({ rule: undefined })).toBe('P1 refused call 1 without a rule');
    expect(after({ full: ['r2'] })).toBe('P1 refused call 1 by r1, which the store did not say');
    expect(after({ withoutStore: 'open', storeFailed: true })).toBe('P1 refused call 1 although its policy without the store is open');
    expect(after({ withoutStore: 'closed' })).toBe('P1 took the policy closed for call 1 although the store answered');
  });

  it('sees a figure that is not there yet', () => {
    const checker = new NoRefusalWithoutReason();
    checker.full('call 1', 'r1', 'at-least', 2, 2);
    checker.full('call 1', 'r2', 'at-most', 0, 0);
    expect(checker.problem).toBeUndefined();
    checker.full('call 1', 'r1', 'at-least', 1, 2);
    expect(checker.problem).toBe('call 1 was refused by r1, limit 2, while the store had 1');
  });
});

describe('limits 4 a refused call has no slot', () => {
  it('sees counters that changed, and a slot', () => {
    const checker = new RefusedHasNoSlot();
    checker.refused('call 1', [1, 2], [1, 2]);
    expect(checker.problem).toBeUndefined();
    checker.refused('call 1', [1, 2], [2, 2]);
    expect(checker.problem).toBe('call 1 was refused, and its counters went from 1,2 to 2,2');
    const other = new RefusedHasNoSlot();
    other.slot('call 1', 'sip-proxy');
    expect(other.problem).toBe('call 1 was refused, and has a slot by sip-proxy');
  });
});

describe('limits 5 shadows count alike', () => {
  it('compares call by call', () => {
    const checker = new ShadowsCountAlike();
    checker.compare(['call 1', 'call 4'], ['call 4', 'call 1']);
    expect(checker.problem).toBeUndefined();
    checker.compare(['call 1'], ['call 2']);
    expect(checker.problem).toBe('rules refused 1 calls, and their shadows 1: they differ on call 1, call 2');
  });
});
