/** An agent whose client's process is gone (docs/adr/0005-desktops-of-a-pair.md), at the DN. */
import { type TEvent } from '#tlib';
import type { DnReply, RequestOrigin } from '../messages/index.js';
import { Dn } from './dn.js';
import type { DnEffect, DnInput, DnRules } from './dn.types.js';

const RULES: DnRules = {
  emulatedLoginState: 'not_ready', wrapUpTime: 10, legalGuardTime: 0, timedAcwInIdle: true, acwInIdleForceReady: true, acwPersistentReasons: false,
  logoutOnOutOfService: true, logoutOnDisconnect: true, logoutOnUnregister: true, autoLogoutMs: 0, autoLogoutReady: false, agentStateAutoRestore: false,
};
const client = (session: string, more: Partial<RequestOrigin> = {}): RequestOrigin =>
  ({ instance: 'N1/t-controller', session, referenceID: 1, applicationName: 'desk', ...more });

class Seat {
  dn: Dn;
  said: DnEffect[] = [];

  constructor(private readonly rules: Partial<DnRules> = {}) {
    this.dn = new Dn({ dn: '7001', node: 'N1', epoch: 5, geoLocation: 'dc1', routingPoint: false }, { ...RULES, ...rules });
    this.feed({ kind: 'inService', nowMs: 0 });
    this.ask('RequestAgentLogin', client('s1'));
    this.ask('RequestAgentReady', client('s1'));
  }

  feed(input: DnInput): this {
    this.said = [];
    this.dn.on(input, this.said);
    return this;
  }

  ask(msg: string, origin: RequestOrigin): this {
    return this.feed({ kind: 'request', request: { msg, ThisDN: '7001', AgentID: 'a1' }, origin, agentSessionID: 'x', loginEpoch: 1, nowMs: 0 });
  }

  lost(untilMs = 60_000, instance = 'N1/t-controller'): this {
    return this.feed({ kind: 'desktopLost', instance, untilMs, nowMs: 1_000 });
  }

  here(origin: RequestOrigin): string | undefined {
    return this.feed({ kind: 'clientHere', origin, nowMs: 2_000 }).answer?.kind;
  }

  offered(): string | undefined {
    return this.feed({ kind: 'offer', connID: 'c', node: 'N1', leaseMs: 1, nowMs: 100_000 }).answer?.kind;
  }

  /** The next owner begins from what this one carries, as JSON would. */
  handOver(epoch: number): this {
    const from = JSON.parse(JSON.stringify(this.dn.handOver())) as ReturnType<Dn['handOver']>;
    this.dn = new Dn({ dn: '7001', node: 'N1', epoch, geoLocation: 'dc1', routingPoint: false }, { ...RULES, ...this.rules }, from);
    return this;
  }

  get answer(): DnReply | undefined {
    return this.said.flatMap((effect) => (effect.kind === 'answer' ? [effect.reply] : []))[0];
  }

  get events(): TEvent[] {
    return this.said.flatMap((effect) => (effect.kind === 'event' ? [effect.event.event] : []));
  }

  get timers(): string[] {
    return this.said.flatMap((effect) => (effect.kind === 'setTimer' || effect.kind === 'cancelTimer' ? [`${effect.kind} ${effect.timer}`] : []));
  }
}

describe('a client whose process is gone', () => {
  it('leaves its agent logged in, without new calls, until the time is over', () => {
    const seat = new Seat().lost();
    expect(seat.timers).toEqual(['setTimer desktop']);
    expect(seat.events).toEqual([]);
    expect(seat.dn.agentID).toBe('a1');
    expect(seat.offered()).toBe('error');
    expect(seat.feed({ kind: 'timer', timer: 'desktop', nowMs: 60_000 }).events.map(({ msg }) => msg)).toEqual(['EventAgentLogout']);
  });

  it.each([
    ['the same program', client('s2'), 'accepted', 'offered'],
    ['the same program at another node', client('s2', { instance: 'N2/t-controller' }), 'accepted', 'offered'],
    ['another program', client('s2', { applicationName: 'monitor' }), 'error', 'error'],
  ] as const)('is followed by %s: %s', (_who, origin, answer, offer) => {
    const seat = new Seat().lost();
    expect(seat.here(origin)).toBe(answer);
    expect(seat.offered()).toBe(offer);
  });

  it('is followed by any program that logs the same agent in, which says his state again', () => {
    const seat = new Seat().lost().ask('RequestAgentLogin', client('s9', { applicationName: 'other' }));
    expect(seat.events.map(({ msg }) => msg)).toEqual(['EventAgentLogin', 'EventAgentReady']);
    expect(seat.timers).toEqual(['cancelTimer desktop']);
    expect(seat.offered()).toBe('offered');
  });

  it('once followed, binds the agent to the new session, and the old timer does nothing', () => {
    const seat = new Seat().lost();
    seat.here(client('s2'));
    expect(seat.timers).toEqual(['cancelTimer desktop']);
    expect(seat.feed({ kind: 'timer', timer: 'desktop', nowMs: 60_000 }).events).toEqual([]);
    expect(seat.feed({ kind: 'clientGone', instance: 'N1/t-controller', session: 's1', unregistered: false, nowMs: 1 }).events).toEqual([]);
    expect(seat.feed({ kind: 'clientGone', instance: 'N1/t-controller', session: 's2', unregistered: false, nowMs: 1 }).events).toHaveLength(1);
  });

  it('is nobody to take over from while it is there, nor of another process', () => {
    expect(new Seat().here(client('s2'))).toBe('error');
    const seat = new Seat().lost(60_000, 'N2/t-controller');
    expect(seat.timers).toEqual([]);
    expect(seat.offered()).toBe('offered');
  });

  it('gets its agent calls again after the time where agents stay without desktops', () => {
    const seat = new Seat({ logoutOnDisconnect: false }).lost();
    expect(seat.feed({ kind: 'timer', timer: 'desktop', nowMs: 60_000 }).events).toEqual([]);
    expect(seat.offered()).toBe('offered');
  });

  it('is waited for at the next owner too, for the rest of the time', () => {
    const seat = new Seat().lost().handOver(6).feed({ kind: 'tookOver', moved: false, nowMs: 20_000 });
    expect(seat.said).toContainEqual({ kind: 'setTimer', timer: 'desktop', delayMs: 40_000 });
    expect(seat.offered()).toBe('error');
    expect(seat.here(client('s2'))).toBe('accepted');
  });
});

it('the first event after several hand-overs names the epoch of the last one that was heard', () => {
  const seat = new Seat().handOver(6).handOver(7).ask('RequestAgentNotReady', client('s1'));
  const [first] = seat.said.flatMap((effect) => (effect.kind === 'event' ? [effect.event] : []));
  expect(first).toMatchObject({ epoch: 7, after: 5 });
  const again = seat.handOver(8).ask('RequestAgentReady', client('s1')).said.flatMap((effect) => (effect.kind === 'event' ? [effect.event] : []));
  expect(again[0]).toMatchObject({ epoch: 8, after: 7 });
});
