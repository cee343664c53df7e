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

  constructor(readonly id: string, private readonly desk: Desk) {}

  send(event: TEvent, referenceID?: number): void {
    this.events.push(event);
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
