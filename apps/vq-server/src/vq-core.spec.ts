import fc from 'fast-check';
import { parseConfig, OptionLookup } from '#config';
import { CountingMeter } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { TEvent, TRequest } from '#tlib';
import { type Refuse, type VqClient, VqServerCore } from './vq-core.js';

const config = (options = '') => parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  VQ: { type: vq-server, ports: { default: 0 }, options: { request-collection-time: 300 msec, reservation-time: 5000 msec${options} } }
dns:
  - { numbers: 7001-7009, type: Extension }
  - { number: VQ_Support, type: VirtualQueue }
`, 'vq.yaml').config;

const refuse: Refuse = (code, message) => { throw new Error(`${code} ${message}`); };

/** Keeps what it was told: `EventAgentReserved#3`, `error 42#4`; the number is the ReferenceID. */
class Router implements VqClient {
  readonly heard: string[] = [];
  readonly events: TEvent[] = [];
  onEvent: (event: TEvent) => void = () => undefined;

  constructor(readonly id: string, private readonly desk: Desk, readonly applicationName = id) {
    desk.core.opened(this);
  }

  send(event: TEvent, referenceID?: number): void {
    this.events.push(event);
    this.onEvent(event);
    this.heard.push(referenceID === undefined ? event.msg : `${event.msg}#${referenceID}`);
  }

  error(referenceID: number | undefined, code: number): void {
    this.heard.push(`error ${code}#${referenceID}`);
  }

  reserve(ReferenceID: number, what: Omit<TRequest, 'msg'>): void {
    this.desk.core.reserve(this, { msg: 'RequestReserveAgent', ReferenceID, ...what }, refuse);
  }

  register(ThisDN: string): void {
    this.desk.core.register(this, { msg: 'RequestRegisterAddress', ThisDN }, refuse);
    this.heard.length = 0;
  }
}

class Desk {
  readonly clock = new VirtualClock();
  readonly meter = new CountingMeter();
  readonly core: VqServerCore;

  constructor(options = '') {
    const parsed = config(options);
    this.core = new VqServerCore(parsed, new OptionLookup(parsed, parsed.applications[0]!), {
      clock: this.clock, entropy: new SeededEntropy(1), meter: this.meter,
    }, { switchName: 'Test', geoLocation: 'dc1' });
  }

  router(id: string): Router {
    return new Router(id, this);
  }
}

describe('reservation (VQ-02, VQ-03, VQ-06, VQ-09)', () => {
  it('collects for request-collection-time; then the best priority wins and the other is told', () => {
    const desk = new Desk();
    const [a, b] = [desk.router('a'), desk.router('b')];
    a.reserve(1, { ThisDN: '7001', Priority: 1 });
    desk.clock.skip(299);
    b.reserve(2, { ThisDN: '7001', Priority: 9 });
    expect([...a.heard, ...b.heard]).toEqual([]);
    desk.clock.skip(1);
    expect([a.heard, b.heard]).toEqual([['error 42#1'], ['EventAgentReserved#2']]);
  });

  it('outside the window the first one has it', () => {
    const desk = new Desk();
    const [a, b] = [desk.router('a'), desk.router('b')];
    a.reserve(1, { ThisDN: '7001', Priority: 1 });
    desk.clock.skip(300);
    b.reserve(2, { ThisDN: '7001', Priority: 9 });
    expect([a.heard, b.heard]).toEqual([['EventAgentReserved#1'], ['error 42#2']]);
  });

  it('ends with its duration, -1 stands for reservation-time', () => {
    const desk = new Desk();
    const [a, b] = [desk.router('a'), desk.router('b')];
    a.reserve(1, { ThisDN: '7001', Timeout: -1 });
    desk.clock.skip(300 + 4_999);
    b.reserve(2, { ThisDN: '7001' });
    desk.clock.skip(1);
    b.reserve(3, { ThisDN: '7001', Timeout: 100 });
    desk.clock.skip(300);
    expect([a.heard, b.heard]).toEqual([['EventAgentReserved#1'], ['error 42#2', 'EventAgentReserved#3']]);
    expect(b.events[0]).toMatchObject({ Timeout: 100, ThisDN: '7001' });
  });
});

describe('reservation options and conflicts', () => {
  it('without collecting lower priorities a lower one is refused at once, a higher one drives the other out', () => {
    const desk = new Desk(', collect-lower-priority-requests: false');
    const [a, b, c] = ['a', 'b', 'c'].map((id) => desk.router(id)) as [Router, Router, Router];
    a.reserve(1, { ThisDN: '7001', Priority: 5 });
    b.reserve(2, { ThisDN: '7001', Priority: 1 });
    expect(b.heard).toEqual(['error 42#2']);
    c.reserve(3, { ThisDN: '7001', Priority: 9 });
    expect(a.heard).toEqual(['error 42#1']);
    desk.clock.skip(300);
    expect(c.heard).toEqual(['EventAgentReserved#3']);
  });

  it('with reject-subsequent-request off the holder prolongs; by default it does not', () => {
    for (const [options, expected] of [['', 'error 42#2'], [', reject-subsequent-request: false', 'EventAgentReserved#2']] as const) {
      const desk = new Desk(options);
      const a = desk.router('a');
      a.reserve(1, { ThisDN: '7001', Timeout: 1_000 });
      desk.clock.skip(300);
      a.reserve(2, { ThisDN: '7001', Timeout: 1_000 });
      expect(a.heard).toEqual(['EventAgentReserved#1', expected]);
    }
  });

  it('tells the requester and those registered on the DN, with what was asked', () => {
    const desk = new Desk();
    const [router, desktop] = [desk.router('router'), desk.router('desktop')];
    desktop.register('7001');
    router.reserve(1, { ThisDN: '7001', AgentID: 'agent7001', Reasons: [['why', 'test']], Timeout: 2_000 });
    desk.clock.skip(300);
    expect(desktop.heard).toEqual(['EventAgentReserved']);
    expect(desktop.events.at(-1)).toMatchObject({ ThisDN: '7001', AgentID: 'agent7001', Timeout: 2_000, Reasons: [['why', 'test']] });
  });

  it('counts requests, grants and rejects (VQ-07)', () => {
    const desk = new Desk();
    for (const [n, id] of ['a', 'b', 'c'].entries()) desk.router(id).reserve(n, { ThisDN: '7001', Priority: n });
    desk.clock.skip(300);
    const count = (name: string) => desk.meter.count(`reservation_${name}_total`);
    expect([count('requests'), count('grants'), count('rejects')]).toEqual([3, 1, 2]);
  });

  it('a router that dies after the grant leaves the agent free when its time is over (VQ-09)', () => {
    const desk = new Desk();
    const [dead, next] = [desk.router('dead'), desk.router('next')];
    dead.reserve(1, { ThisDN: '7001', Timeout: 2_000 });
    desk.clock.skip(300);
    desk.core.closed(dead);
    next.reserve(2, { ThisDN: '7001' });
    desk.clock.skip(2_000);
    next.reserve(3, { ThisDN: '7001' });
    desk.clock.skip(300);
    expect(next.heard).toEqual(['error 42#2', 'EventAgentReserved#3']);
  });

  it('never grants one agent to two routers at once, whatever they do, and answers every request once (VQ-06)', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('reserve' as const), router: fc.nat(3), dn: fc.constantFrom('7001', '7002'), agent: fc.boolean(), priority: fc.nat(2),
        timeout: fc.constantFrom(-1, 100, 700, 3_000),
      }),
      fc.record({ kind: fc.constant('cancel' as const), router: fc.nat(3), dn: fc.constantFrom('7001', '7002'), agent: fc.boolean() }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), fc.boolean(), (steps, lower, subsequent) => {
      const desk = new Desk(`, collect-lower-priority-requests: ${lower}, reject-subsequent-request: ${subsequent}`);
      const routers = ['a', 'b', 'c', 'd'].map((id) => desk.router(id));
      const held = new Map<string, { router: string; untilMs: number }>();
      for (const router of routers) {
        router.onEvent = (event) => {
          if (event.msg !== 'EventAgentReserved') return;
          const key = event['ThisDN'] as string;
          const nowMs = desk.clock.nowMs();
          const other = held.get(key);
          if (other !== undefined && other.untilMs > nowMs) expect(other.router).toBe(router.id);
          held.set(key, { router: router.id, untilMs: nowMs + (event['Timeout'] as number) });
        };
      }
      let asked = 0;
      for (const each of steps) {
        if (each.kind === 'wait') {
          desk.clock.skip(each.ms);
          continue;
        }
        asked += 1;
        const router = routers[each.router] as Router;
        const what = { ThisDN: each.dn, ...(each.agent ? { AgentID: `agent${each.dn}` } : {}) };
        const before = router.heard.length;
        if (each.kind === 'reserve') router.reserve(asked, { ...what, Priority: each.priority, Timeout: each.timeout });
        else {
          router.reserve(asked, { ...what, Timeout: 0 });
          // Given back: nobody holds it any more.
          if (router.heard.slice(before).some((line) => line === `EventACK#${asked}`) && held.get(each.dn)?.router === router.id) held.delete(each.dn);
        }
      }
      desk.clock.skip(20_000);
      const answers = routers.flatMap(({ heard }) => heard.map((line) => Number(line.split('#')[1])));
      expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: asked }, (_, i) => i + 1));
    }));
  });
});

describe('virtual queues (VQ-11)', () => {
  const CALL = { ConnID: '0010000000000001', CallType: 'Inbound' };
  const queued = (desk: Desk, by: Router, event = 'EventQueued', call = CALL): void =>
    desk.core.sendEvent(by, { msg: 'RequestSendEvent', ThisDN: 'VQ_Support', UserEvent: event, ...call }, refuse);
  const contents = (desk: Desk): unknown => {
    const asking = desk.router('asking');
    desk.core.queryAddress(asking, { msg: 'RequestQueryAddress', ThisDN: 'VQ_Support', AddressInfoType: 'QueueStatus' }, refuse);
    return asking.events[0]!['InfoStatus'];
  };

  it('empty themselves when their router is gone for good, and say so', () => {
    const desk = new Desk();
    const [router, other, stats] = [desk.router('router'), desk.router('other'), desk.router('stats')];
    stats.register('VQ_Support');
    queued(desk, router);
    queued(desk, other, 'EventQueued', { ...CALL, ConnID: '0010000000000002' });
    desk.core.closed(router);
    expect(stats.heard).toEqual(['EventQueued', 'EventQueued', 'EventDiverted']);
    expect(stats.events.at(-1)).toMatchObject({ ThisDN: 'VQ_Support', ThisQueue: 'VQ_Support', ...CALL, CallState: 'Redirected' });
    expect(stats.events.at(-1)).not.toHaveProperty('ThirdPartyDN', expect.anything());
    expect(contents(desk)).toBe(1);
  });

  it('keep a call that another router took over, or took out', () => {
    const desk = new Desk();
    const [primary, backup] = [desk.router('primary'), desk.router('backup')];
    queued(desk, primary);
    queued(desk, backup);
    desk.core.closed(primary);
    expect(contents(desk)).toBe(1);
    queued(desk, backup, 'EventDiverted');
    desk.core.closed(backup);
    expect([contents(desk), desk.meter.count('virtual_queue_orphans_total')]).toEqual([0, 0]);
  });
});
