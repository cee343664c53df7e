import { EMPTY_KV, kv, kvGet, type KVList, type TEvent } from '#tlib';
import type { DnReply, DnSnapshot, RequestOrigin } from '../messages/index.js';
import { Dn } from './dn.js';
import type { DnEffect, DnInput, DnRules } from './dn.types.js';

const RULES: DnRules = {
  emulatedLoginState: 'not_ready', wrapUpTime: 10, legalGuardTime: 0, timedAcwInIdle: true, acwInIdleForceReady: true, acwPersistentReasons: false,
  logoutOnOutOfService: true, logoutOnDisconnect: true, logoutOnUnregister: true, autoLogoutMs: 0, autoLogoutReady: false, agentStateAutoRestore: false,
};
const CONN = '0010000000000001';
const ORIGIN: RequestOrigin = { instance: 'N1/t-controller', session: 's1', referenceID: 7, applicationName: 'desk' };

/** A DN and what it said; its timers are fired by `at`. */
class Stand {
  readonly dn: Dn;
  said: DnEffect[] = [];
  nowMs = 1_000;
  #timers = new Map<string, number>();

  constructor(rules: Partial<DnRules> = {}, from?: DnSnapshot, geoLocation = 'dc1', routingPoint = false) {
    this.dn = new Dn({ dn: '7001', node: 'N1', epoch: 5, geoLocation, routingPoint }, { ...RULES, ...rules }, from);
  }

  feed(input: DnInput): this {
    this.said = [];
    this.dn.on(input, this.said);
    this.#arm(this.said);
    return this;
  }

  ask(msg: string, more: Readonly<Record<string, string | KVList>> = {}): this {
    const request = { msg, ThisDN: '7001', ...more };
    return this.feed({ kind: 'request', request, origin: ORIGIN, agentSessionID: 'id', loginEpoch: this.nowMs, nowMs: this.nowMs });
  }

  event(msg: string, more: Readonly<Record<string, string | KVList>> = {}, business = true): this {
    const event = { msg, ThisDN: '7001', ConnID: CONN, CallType: 'Inbound', ...more };
    return this.feed({ kind: 'item', node: 'N1', item: { event, business }, nowMs: this.nowMs });
  }

  inService(): this {
    return this.feed({ kind: 'inService', nowMs: this.nowMs });
  }

  ready(): this {
    return this.inService().ask('RequestAgentLogin', { AgentID: 'a1' }).ask('RequestAgentReady');
  }

  /** Lets time pass to there; timers fire when they are due. */
  at(nowMs: number): string[] {
    const names: string[] = [];
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a[1] - b[1])[0];
      if (next === undefined || next[1] > nowMs) break;
      this.#timers.delete(next[0]);
      this.nowMs = next[1];
      this.feed({ kind: 'timer', timer: next[0] as 'agent' | 'idle', nowMs: this.nowMs });
      names.push(...this.names);
    }
    this.nowMs = nowMs;
    return names;
  }

  get events(): TEvent[] {
    return this.said.flatMap((effect) => (effect.kind === 'event' ? [effect.event.event] : []));
  }

  get names(): string[] {
    return this.events.map(({ msg }) => msg);
  }

  get reply(): DnReply | undefined {
    return this.said.flatMap((effect) => (effect.kind === 'answer' ? [effect.reply] : []))[0];
  }

  #arm(effects: readonly DnEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'setTimer') this.#timers.set(effect.timer, this.nowMs + effect.delayMs);
      if (effect.kind === 'cancelTimer') this.#timers.delete(effect.timer);
    }
  }
}

const extension = (event: TEvent | undefined, key: string): unknown => kvGet(event?.['Extensions'] as KVList | undefined, key);
const reason = (event: TEvent | undefined, key: string): unknown => kvGet(event?.['Reasons'] as KVList | undefined, key);

describe('service state (TC-20, TC-27, TC-31)', () => {
  it('begins out of service; the agent goes with the phone, after it', () => {
    const stand = new Stand();
    expect(stand.dn.snapshot().inService).toBe(false);
    expect(stand.ask('RequestAgentLogin', { AgentID: 'a1' }).reply).toMatchObject({ code: 58 });
    expect(stand.inService().events).toMatchObject([{ msg: 'EventDNBackInService', ThisDN: '7001', Server: 'N1', DNSequence: 1, OwnerEpoch: 5 }]);
    stand.ready();
    const { events } = stand.feed({ kind: 'outOfService', nowMs: 2_345 });
    expect(events.map(({ msg }) => msg)).toEqual(['EventDNOutOfService', 'EventAgentLogout']);
    expect(events[0]).toMatchObject({ Server: 'N1', ThisDN: '7001', Time: { sec: 2, usec: 345_000 } });
  });

  it('revokes what it accepted and heard nothing of, wherever the lease came from', () => {
    const before = new Stand().ready().feed({ kind: 'offer', connID: CONN, node: 'N7', leaseMs: 5_000, nowMs: 1_000 });
    const revokedAt = (nowMs: number): unknown[] => {
      const after = new Stand({}, JSON.parse(JSON.stringify(before.dn.handOver())) as DnSnapshot).feed({ kind: 'tookOver', moved: false, nowMs: 2_000 });
      return after.feed({ kind: 'outOfService', nowMs }).said.filter(({ kind }) => kind === 'revoked');
    };
    expect(revokedAt(5_999)).toEqual([{ kind: 'revoked', connID: CONN, node: 'N7' }]);
    expect(revokedAt(6_000)).toEqual([]);
    expect(before.event('EventRinging').feed({ kind: 'outOfService', nowMs: 2_000 }).said.filter(({ kind }) => kind === 'revoked')).toEqual([]);
  });

  it('keeps the agent without logout-on-out-of-service', () => {
    expect(new Stand({ logoutOnOutOfService: false }).ready().feed({ kind: 'outOfService', nowMs: 2_000 }).names).toEqual(['EventDNOutOfService']);
  });
});

describe('the agent (TC-16, TC-17, TC-22, TC-24)', () => {
  it('is announced with id, session, work mode, reasons and site; a login is followed by a state', () => {
    const stand = new Stand().inService().ask('RequestAgentLogin', { AgentID: 'a1', Reasons: kv({ why: 'shift' }) });
    expect(stand.names).toEqual(['EventAgentLogin', 'EventAgentNotReady']);
    expect(stand.said[0]).toEqual({ kind: 'loggedIn', agentID: 'a1', epoch: 1_000 });
    expect(stand.events[0]).toMatchObject({ AgentID: 'a1', AgentSessionID: 'id', AgentWorkMode: 'Unknown' });
    expect([reason(stand.events[0], 'why'), reason(stand.events[0], 'site')]).toEqual(['shift', 'dc1']);
    expect(stand.dn.snapshot().agent?.reasons).toEqual([['why', 'shift'], ['site', 'dc1']]);
    expect(new Stand({ emulatedLoginState: 'ready' }).inService().ask('RequestAgentLogin', { AgentID: 'a1' }).names[1]).toBe('EventAgentReady');
    expect(stand.ask('RequestAgentLogin', { AgentID: 'a1' }).names).toEqual(['EventAgentLogin', 'EventAgentNotReady']);
    expect(stand.said.some(({ kind }) => kind === 'loggedIn')).toBe(false);
    expect(stand.ask('RequestAgentNotReady', { AgentWorkMode: 'AuxWork' }).events[0]).toMatchObject({ msg: 'EventAgentNotReady', AgentWorkMode: 'AuxWork' });
  });

  it('only the first event of an answer is for the one who asked', () => {
    const { said } = new Stand().inService().ask('RequestAgentLogin', { AgentID: 'a1' });
    const origins = said.flatMap((effect) => (effect.kind === 'event' ? [effect.event.origin?.referenceID] : []));
    expect(origins).toEqual([7, undefined]);
  });

  it('works after a business call, announced before its end; EventRinging says nothing of it', () => {
    const stand = new Stand().ready();
    expect(extension(stand.event('EventRinging').events[0], 'WrapUpTime')).toBeUndefined();
    expect(extension(stand.event('EventEstablished').events[0], 'WrapUpTime')).toBe(10);
    const { events } = stand.event('EventReleased');
    expect(events.map(({ msg }) => msg)).toEqual(['EventAgentNotReady', 'EventReleased']);
    expect(events[0]).toMatchObject({ AgentWorkMode: 'AfterCallWork' });
    expect(extension(events[0], 'WrapUpTime')).toBe(10);
    expect(stand.at(11_000)).toEqual(['EventAgentReady']);
  });

  it('of a call without an answer, and of a direct call, no work follows', () => {
    expect(new Stand().ready().event('EventRinging').event('EventAbandoned').names).toEqual(['EventAbandoned']);
    const direct = new Stand().ready().event('EventRinging', {}, false).event('EventEstablished', {}, false);
    expect(direct.event('EventReleased', {}, false).names).toEqual(['EventReleased']);
  });

  it('the wish of the call comes before that of the login, and that before the option', () => {
    const login = new Stand().inService().ask('RequestAgentLogin', { AgentID: 'a1', Extensions: kv({ WrapUpTime: 20 }) });
    login.event('EventRinging');
    expect(extension(login.event('EventEstablished').events[0], 'WrapUpTime')).toBe(20);
    expect(extension(login.event('EventReleased', { Extensions: kv({ WrapUpTime: 'untimed' }) }).events[0], 'WrapUpTime')).toBe('untimed');
    expect(login.at(1_000_000)).toEqual([]);
  });

  it('no Routing Point takes an agent', () => {
    expect(new Stand({}, undefined, 'dc1', true).inService().ask('RequestAgentLogin', { AgentID: 'a1' }).reply).toMatchObject({ code: 1141 });
  });

  it('a request that failed late is for its client alone, so it takes no number of the DN', () => {
    const stand = new Stand().ready();
    const { seq } = stand.dn;
    const event = { msg: 'EventError', ThisDN: '7001', ErrorCode: 234, ErrorMessage: 'busy' };
    const { said } = stand.feed({ kind: 'item', node: 'N1', item: { event, business: false, origin: ORIGIN }, nowMs: stand.nowMs });
    expect(said).toEqual([{ kind: 'refused', event: expect.objectContaining({ ...event, Server: 'N1' }), origin: ORIGIN }]);
    expect(said[0]).not.toHaveProperty('event.DNSequence');
    expect(stand.dn.seq).toBe(seq);
  });

  it('leaves when the same agent logged in elsewhere later, and not for an earlier login', () => {
    const stand = new Stand().ready();
    expect(stand.feed({ kind: 'loginElsewhere', agentID: 'a1', epoch: 999, nowMs: 2_000 }).names).toEqual([]);
    expect(stand.feed({ kind: 'loginElsewhere', agentID: 'a2', epoch: 2_000, nowMs: 2_000 }).names).toEqual([]);
    expect(stand.feed({ kind: 'loginElsewhere', agentID: 'a1', epoch: 2_000, nowMs: 2_000 }).names).toEqual(['EventAgentLogout']);
  });
});

describe('TC-19, TC-21: the client that logged the agent in', () => {
  const gone = (session: string, unregistered = false): DnInput => ({ kind: 'clientGone', instance: ORIGIN.instance, session, unregistered, nowMs: 2_000 });

  it('takes the agent along, and no call', () => {
    const stand = new Stand().ready().event('EventRinging').event('EventEstablished');
    expect(stand.feed(gone('other')).names).toEqual([]);
    expect(stand.feed(gone('s1')).names).toEqual(['EventAgentLogout']);
    expect(stand.dn.call(CONN)).toBeDefined();
    expect(stand.ask('RequestAgentLogin', { AgentID: 'a1' }).reply).toMatchObject({ code: 185 });
  });

  it.each([[{ logoutOnDisconnect: false }, false], [{ logoutOnUnregister: false }, true]])('%j', (rules, unregistered) => {
    expect(new Stand(rules).ready().feed(gone('s1', unregistered)).names).toEqual([]);
  });
});

describe('TC-23: an idle agent', () => {
  const RULE = { autoLogoutMs: 60_000 };

  it('is logged out after the last thing that happened', () => {
    const stand = new Stand(RULE).inService().ask('RequestAgentLogin', { AgentID: 'a1' });
    stand.nowMs = 31_000;
    stand.ask('RequestAgentNotReady');
    expect(stand.at(90_999)).toEqual([]);
    expect(stand.at(91_000)).toEqual(['EventAgentLogout']);
    expect(stand.at(1_000_000)).toEqual([]);
  });

  it('who is Ready or on a break is spared, unless auto-logout-ready', () => {
    expect(new Stand(RULE).ready().at(1_000_000)).toEqual([]);
    expect(new Stand({ ...RULE, autoLogoutReady: true }).ready().at(61_000)).toEqual(['EventAgentLogout']);
    const onBreak = new Stand(RULE).inService().ask('RequestAgentLogin', { AgentID: 'a1' }).ask('RequestAgentNotReady', { AgentWorkMode: 'AuxWork' });
    expect(onBreak.at(1_000_000)).toEqual([]);
    expect(onBreak.ask('RequestAgentNotReady').at(1_060_000)).toEqual(['EventAgentLogout']);
  });

  it('who talks is not idle', () => {
    const stand = new Stand({ ...RULE, autoLogoutReady: true }).ready().event('EventRinging').event('EventEstablished');
    expect(stand.at(600_000)).toEqual([]);
    stand.event('EventReleased', { Extensions: kv({ WrapUpTime: 0 }) });
    expect(stand.at(660_000)).toEqual(['EventAgentLogout']);
  });
});

describe('features of the device', () => {
  it('do not disturb and the message-waiting lamp show in the snapshot', () => {
    const stand = new Stand().inService();
    expect(stand.ask('RequestSetMessageWaitingOn').names).toEqual(['EventMessageWaitingOn']);
    expect(stand.ask('RequestSetDNDOn').names).toEqual(['EventDNDOn']);
    expect(stand.dn.snapshot()).toMatchObject({ dnd: true, messageWaiting: true });
    expect(stand.feed({ kind: 'offer', connID: CONN, node: 'N1', leaseMs: 1_000, nowMs: 1_000 }).reply).toMatchObject({ code: 231 });
    expect(stand.ask('RequestSetMessageWaitingOff').names).toEqual(['EventMessageWaitingOff']);
    expect(stand.dn.snapshot()).toMatchObject({ messageWaiting: false });
  });

  it.each(['RequestCallForwardSet', 'RequestCallForwardCancel', 'RequestAgentSetIdleReason'])('%s is refused', (msg) => {
    expect(new Stand().inService().ask(msg).reply).toMatchObject({ code: 51 });
  });
});

describe('a hand-over', () => {
  const handOver = (stand: Stand): DnSnapshot => structuredClone(stand.dn.handOver());
  const tookOver = (moved: boolean, nowMs: number): DnInput => ({ kind: 'tookOver', moved, nowMs });

  it('keeps numbers, agent, the client that logged in, after-call work, leases and the lamp', () => {
    const before = new Stand().ready().ask('RequestSetMessageWaitingOn').event('EventRinging').event('EventEstablished').event('EventReleased');
    const { seq } = before.dn.snapshot();
    const after = new Stand({}, handOver(before));
    after.nowMs = 5_000;
    expect(after.feed(tookOver(false, 5_000)).names).toEqual([]);
    expect(after.inService().names).toEqual([]);
    expect(after.dn.snapshot()).toMatchObject({ seq, messageWaiting: true, agent: { agentID: 'a1', agentStatus: 4 } });
    expect(after.at(10_999)).toEqual([]);
    expect(after.at(11_000)).toEqual(['EventAgentReady']);
    expect(after.events[0]).toMatchObject({ DNSequence: seq + 1 });
    expect(after.feed({ kind: 'clientGone', instance: ORIGIN.instance, session: 's1', unregistered: false, nowMs: 12_000 }).names).toEqual(['EventAgentLogout']);
  });

  it('keeps the lease of an offer', () => {
    const before = new Stand().ready().feed({ kind: 'offer', connID: CONN, node: 'N1', leaseMs: 5_000, nowMs: 1_000 });
    const after = new Stand({}, handOver(before)).feed(tookOver(false, 2_000));
    expect(after.feed({ kind: 'offer', connID: 'other', node: 'N1', leaseMs: 5_000, nowMs: 2_000 }).reply).toMatchObject({ code: 231 });
    expect(after.feed({ kind: 'offer', connID: 'other', node: 'N1', leaseMs: 5_000, nowMs: 7_000 }).reply).toMatchObject({ kind: 'offered' });
  });

  it('to another data centre logs the agent out, or says the state with the new site', () => {
    const from = handOver(new Stand().ready());
    expect(new Stand({}, from, 'dc2').feed(tookOver(true, 2_000)).names).toEqual(['EventAgentLogout']);
    const restored = new Stand({ agentStateAutoRestore: true }, from, 'dc2').feed(tookOver(true, 2_000));
    expect(restored.names).toEqual(['EventAgentReady']);
    expect(reason(restored.events[0], 'site')).toBe('dc2');
  });

  it('there, after-call work that the agent asked for is not restored', () => {
    const before = new Stand().ready().ask('RequestAgentNotReady', { AgentWorkMode: 'AfterCallWork' });
    expect(reason(before.events[0], 'ReasonCode')).toBe('ManualSetACWPeriod');
    const after = new Stand({ agentStateAutoRestore: true }, handOver(before), 'dc2').feed(tookOver(true, 2_000));
    expect(after.events).toMatchObject([{ msg: 'EventAgentLogout' }]);
    expect(reason(after.events[0], 'ReasonCode')).toBe('ManualSetACWPeriod');
  });

  it('that is about to come logs out who does not come along, and takes no call meanwhile', () => {
    const leave = (stand: Stand): Stand => stand.feed({ kind: 'leave', untilMs: 3_000, nowMs: 2_000 });
    const offer = (nowMs: number): DnInput => ({ kind: 'offer', connID: CONN, node: 'N1', leaseMs: 1_000, nowMs });
    const out = leave(new Stand().ready());
    expect(out.names).toEqual(['EventAgentLogout']);
    expect(out.feed(offer(2_999)).reply).toMatchObject({ code: 231, message: expect.stringContaining('moving') });
    const along = leave(new Stand({ agentStateAutoRestore: true }).ready());
    expect(along.names).toEqual([]);
    expect(along.feed(offer(2_999)).reply).toMatchObject({ code: 231 });
    expect(along.feed(offer(3_000)).reply).toMatchObject({ kind: 'offered' });
    const byHand = new Stand({ agentStateAutoRestore: true }).ready().ask('RequestAgentNotReady', { AgentWorkMode: 'AfterCallWork' });
    expect(leave(byHand).names).toEqual(['EventAgentLogout']);
  });

  it('waits for calls, their leases and the work after them, and not for work that the agent asked for', () => {
    const busy = (stand: Stand, nowMs = 1_000): boolean => stand.dn.isBusy(nowMs);
    expect(busy(new Stand().ready())).toBe(false);
    const offered = new Stand().ready().feed({ kind: 'offer', connID: CONN, node: 'N1', leaseMs: 5_000, nowMs: 1_000 });
    expect([busy(offered), busy(offered, 6_000)]).toEqual([true, false]);
    const worked = new Stand().ready().event('EventRinging').event('EventEstablished');
    expect(busy(worked)).toBe(true);
    expect(busy(worked.event('EventReleased'))).toBe(true);
    worked.at(11_000);
    expect(busy(worked)).toBe(false);
    expect(busy(new Stand().ready().ask('RequestAgentNotReady', { AgentWorkMode: 'AfterCallWork' }))).toBe(false);
  });

  it('counts idle time on', () => {
    const before = new Stand({ autoLogoutMs: 60_000 }).inService().ask('RequestAgentLogin', { AgentID: 'a1' });
    const after = new Stand({ autoLogoutMs: 60_000 }, handOver(before));
    after.nowMs = 41_000;
    after.feed(tookOver(false, 41_000));
    expect(after.at(60_999)).toEqual([]);
    expect(after.at(61_000)).toEqual(['EventAgentLogout']);
  });

  it('of a DN without an agent brings none', () => {
    expect(new Stand({}, handOver(new Stand().inService())).feed(tookOver(true, 2_000)).said).toEqual([]);
  });
});

describe('calls', () => {
  it('without an agent the phone rings; with a ready one there is one offer at a time', () => {
    const offer = (connID: string): DnInput => ({ kind: 'offer', connID, node: 'N1', leaseMs: 1_000, nowMs: 1_000 });
    const nobody = new Stand().inService();
    expect([nobody.feed(offer(CONN)).reply, nobody.feed(offer('other')).reply]).toEqual([{ kind: 'offered', agentID: undefined }, { kind: 'offered', agentID: undefined }]);
    const agent = new Stand().ready();
    expect(agent.feed(offer(CONN)).reply).toEqual({ kind: 'offered', agentID: 'a1' });
    expect(agent.feed(offer('other')).reply).toMatchObject({ code: 231 });
    agent.feed({ kind: 'withdraw', connID: CONN, nowMs: 1_000 });
    expect(agent.feed(offer('other')).reply).toEqual({ kind: 'offered', agentID: 'a1' });
  });

  it('that are on their way to a phone without an agent let nobody log in there: he would have two at once', () => {
    const offer = (connID: string): DnInput => ({ kind: 'offer', connID, node: 'N1', leaseMs: 1_000, nowMs: 1_000 });
    const stand = new Stand().inService().feed(offer(CONN)).feed(offer('other'));
    expect(stand.ask('RequestAgentLogin', { AgentID: 'a1' }).reply).toMatchObject({ code: 185 });
    for (const connID of [CONN, 'other']) stand.feed({ kind: 'withdraw', connID, nowMs: 1_000 });
    expect(stand.ask('RequestAgentLogin', { AgentID: 'a1' }).names).toEqual(['EventAgentLogin', 'EventAgentNotReady']);
  });

  it('that a picture does not know end, those it knows are told', () => {
    const stand = new Stand().inService().event('EventRinging');
    expect(stand.feed({ kind: 'picture', node: 'N2', calls: [], nowMs: 1_000 }).names).toEqual([]);
    const known = { ...stand.dn.snapshot().calls[0]!, partyState: 0xc };
    expect(stand.feed({ kind: 'picture', node: 'N1', calls: [known], nowMs: 1_000 }).names).toEqual(['EventEstablished']);
    expect(stand.feed({ kind: 'scDown', node: 'N1', nowMs: 1_000 }).names).toEqual(['EventReleased']);
  });

  it('the agent who did not answer is made NotReady, with the reason', () => {
    const stand = new Stand().ready();
    const { events } = stand.feed({ kind: 'agentAction', action: 'notready', reasons: kv({ ReasonCode: 'no-answer' }), nowMs: 1_000 });
    expect(events).toMatchObject([{ msg: 'EventAgentNotReady' }]);
    expect(reason(events[0], 'ReasonCode')).toBe('no-answer');
    expect(stand.feed({ kind: 'agentAction', action: 'notready', reasons: EMPTY_KV, nowMs: 1_000 }).names).toEqual([]);
    expect(stand.feed({ kind: 'agentAction', action: 'logout', reasons: EMPTY_KV, nowMs: 1_000 }).names).toEqual(['EventAgentLogout']);
  });
});
