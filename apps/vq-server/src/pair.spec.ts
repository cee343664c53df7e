/** The other half of a VQ pair goes on: places, ages, grants, and the routers that come back (docs/specs/virtual-queue.md). */
import { OptionLookup, parseConfig } from '#config';
import { CountingMeter } from '#kernel';
import { SeededEntropy, SimPair, VirtualClock } from '#simulation';
import type { TEvent, TRequest } from '#tlib';
import { type Refuse, type VqClient, VqServerCore } from './vq-core.js';

const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  VQ:
    type: vq-server
    ports: { default: 0 }
    options: { request-collection-time: 300 msec, reservation-time: 5000 msec, session-backlog-time: 20, reject-subsequent-request: false }
dns:
  - { numbers: 7001-7009, type: Extension }
  - { number: VQ_Support, type: VirtualQueue }
`, 'vq.yaml');

const refuse: Refuse = (code, message) => { throw new Error(`${code} ${message}`); };

class Client implements VqClient {
  readonly heard: string[] = [];
  readonly events: TEvent[] = [];

  constructor(readonly id: string, readonly applicationName: string, private readonly pair: Pair) {
    pair.core.opened(this);
  }

  send(event: TEvent): void {
    this.pair.sent(event);
    this.events.push(event);
    this.heard.push(event.msg);
  }

  error(_reference: number | undefined, code: number): void {
    this.heard.push(`error ${code}`);
  }

  say(UserEvent: string, ConnID: string): void {
    this.pair.core.sendEvent(this, { msg: 'RequestSendEvent', ThisDN: 'VQ_Support', UserEvent, ConnID, CallType: 'Inbound' } as TRequest, refuse);
  }

  reserve(more: object = {}): void {
    this.pair.core.reserve(this, { msg: 'RequestReserveAgent', ThisDN: '7001', Priority: 1, ...more } as TRequest, refuse);
    this.pair.clock.skip(300);
  }

  /** ConnIDs in order of their places. */
  waiting(): string[] {
    this.pair.core.register(this, { msg: 'RequestRegisterAddress', ThisDN: 'VQ_Support' }, refuse);
    return (this.events.at(-1)!['Extensions'] as [string, string][]).filter(([key]) => key.startsWith('conn-')).map(([, connID]) => connID);
  }
}

class Pair {
  readonly clock = new VirtualClock();
  readonly halves = new SimPair();
  core!: VqServerCore;
  sent: (event: TEvent) => void = () => {};
  #sessions = 0;

  constructor() {
    this.#start();
  }

  client(applicationName: string): Client {
    this.#sessions += 1;
    return new Client(`VQ#${this.#sessions}`, applicationName, this);
  }

  change(afterMs = 2_000): void {
    this.core.close();
    this.clock.skip(afterMs);
    this.#start();
  }

  keys(): string[] {
    return [...this.halves.entries('vq-server').keys()];
  }

  longestMs(): number {
    return this.core.queues()[0]!.longestMs;
  }

  #start(): void {
    const { replica } = this.halves.nextTerm(this.clock.nowMs());
    this.core = new VqServerCore(config, new OptionLookup(config, config.applications[0]!), {
      clock: this.clock, entropy: new SeededEntropy(1), meter: new CountingMeter(), replica: replica('vq-server'),
    }, { switchName: 'Test', geoLocation: 'dc1' });
  }
}

describe('calls in a queue', () => {
  it('keep their places and ages, in whatever order entries come', () => {
    const pair = new Pair();
    const router = pair.client('URS');
    for (const connID of ['c', 'a', 'b']) {
      router.say('EventQueued', connID);
      pair.clock.skip(1_000);
    }
    router.say('EventQueued', 'c');
    router.say('EventAbandoned', 'a');
    pair.change();
    const back = pair.client('URS');
    expect(back.waiting()).toEqual(['b', 'c']);
    expect(pair.longestMs()).toBe(3_000);
    back.say('EventQueued', 'd');
    pair.change();
    expect(pair.client('URS').waiting()).toEqual(['b', 'c', 'd']);
  });

  it('are those of the router that comes back under its name, and leave with it', () => {
    const pair = new Pair();
    pair.client('URS').say('EventQueued', 'a');
    pair.change();
    const [router, other] = [pair.client('URS'), pair.client('monitor')];
    expect(other.waiting()).toEqual(['a']);
    pair.clock.skip(25_000);
    expect(other.heard).toEqual(['EventRegistered']);
    pair.core.closed(router);
    expect(other.heard).toEqual(['EventRegistered', 'EventDiverted']);
    expect(pair.keys()).toEqual([]);
  });

  it('leave when their router is not back within the backlog time', () => {
    const pair = new Pair();
    pair.client('URS').say('EventQueued', 'a');
    pair.change();
    const other = pair.client('monitor');
    other.waiting();
    pair.clock.skip(19_900);
    expect(other.heard).toEqual(['EventRegistered']);
    pair.clock.skip(200);
    expect(other.events.at(-1)).toMatchObject({ msg: 'EventDiverted', ConnID: 'a', CallState: 'Redirected' });
    expect(pair.keys()).toEqual([]);
  });

  it('are not taken for left because their server closes', () => {
    const pair = new Pair();
    const router = pair.client('URS');
    router.say('EventQueued', 'a');
    pair.core.close();
    pair.core.closed(router);
    expect(pair.keys()).toEqual(['queue/VQ_Support/a']);
  });
});

describe('grants', () => {
  it('stand until their own end, for others and for the one who has them', () => {
    const pair = new Pair();
    const router = pair.client('URS');
    router.reserve();
    expect(router.heard).toEqual(['EventAgentReserved']);
    pair.change(2_000);
    const other = pair.client('other');
    other.reserve();
    expect(other.heard).toEqual(['error 42']);
    pair.clock.skip(2_800);
    other.reserve();
    expect(other.heard).toEqual(['error 42', 'EventAgentReserved']);
  });

  it('are prolonged and cancelled by the next session of the same program', () => {
    const pair = new Pair();
    pair.client('URS').reserve();
    pair.change(1_000);
    const back = pair.client('URS');
    back.reserve();
    expect(back.heard).toEqual(['EventAgentReserved']);
    pair.change(4_000);
    const again = pair.client('URS');
    again.reserve({ Timeout: 0 });
    expect(again.heard).toEqual(['EventACK']);
    expect(pair.keys()).toEqual([]);
    const other = pair.client('other');
    other.reserve();
    expect(other.heard).toEqual(['EventAgentReserved']);
  });

  it('that ended are gone from the other half, too', () => {
    const pair = new Pair();
    pair.client('URS').reserve();
    expect(pair.keys()).toHaveLength(1);
    pair.clock.skip(5_000);
    expect(pair.keys()).toEqual([]);
    pair.client('URS').reserve();
    pair.change(6_000);
    expect([pair.keys(), pair.core.reservations]).toEqual([[], 0]);
  });
});

it('nothing is told before the other half has it', () => {
  const pair = new Pair();
  const router = pair.client('URS');
  router.waiting();
  const kept: string[] = [];
  pair.sent = ({ msg, ConnID }) => {
    const has = pair.keys().includes(`queue/VQ_Support/${String(ConnID)}`);
    if (msg === 'EventQueued' || msg === 'EventDiverted') kept.push(`${msg} ${has}`);
    if (msg === 'EventAgentReserved') kept.push(`${msg} ${pair.keys().some((key) => key.startsWith('grant/'))}`);
  };
  router.say('EventQueued', 'a');
  router.say('EventDiverted', 'a');
  router.reserve();
  expect(kept).toEqual(['EventQueued true', 'EventDiverted false', 'EventAgentReserved true']);
});
