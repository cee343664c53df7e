/** Random days of several agents, with changes of halves at any moment, also between a request and its answer (docs/specs/dn.md). */
import { SeededEntropy } from '#simulation';
import type { DnSnapshot } from '#telephony';
import { FakeSc } from './fixtures/sc.fixture.js';
import { type Desk, TcWorld } from './fixtures/tc-world.fixture.js';

const DNS = ['7001', '7002', '7003'] as const;
/** Owned by N1, whose halves change; the last one by N2, with its desktop at N1. */
const OWNER = { 7001: 'N1', 7002: 'N1', 7003: 'N2' } as const;
const SEEDS = 12;
const ACTIONS = 60;

class RandomDay {
  readonly tc: TcWorld;
  readonly #random: SeededEntropy;
  readonly #desks = new Map<string, Desk>();
  readonly #calls = new Map<string, { connID: string; state: number }>();
  watcher!: Desk;
  sc!: FakeSc;
  #count = 0;
  changes = 0;

  constructor(seed: number) {
    this.tc = new TcWorld(', wrap-up-time: 3, legal-guard-time: 2', seed).paired('N1');
    this.#random = new SeededEntropy(seed);
  }

  async begin(): Promise<void> {
    await this.tc.start('N1', 'N2');
    this.sc = await this.tc.world.start('N9', (ports) => new FakeSc(ports, 'N9'));
    await this.tc.member('N1', 'standby');
    this.watcher = this.tc.desk('N2', 'monitor');
    for (const dn of DNS) {
      this.watcher.register(dn);
      this.tc.phone(OWNER[dn], dn, 10_000_000);
    }
    await this.tc.advance(500);
    this.#connect();
    for (const dn of DNS) this.#ask(dn, 'RequestAgentLogin', { AgentID: `a${dn}` });
    await this.tc.advance(500);
  }

  async act(): Promise<void> {
    const dn = DNS[this.#below(DNS.length)] as string;
    switch (this.#below(6)) {
      case 0: this.#ask(dn, 'RequestAgentReady'); break;
      case 1: this.#ask(dn, 'RequestAgentNotReady', { Reasons: [['ReasonCode', `r${this.#below(3)}`]] }); break;
      case 2: this.#ask(dn, this.#below(2) === 0 ? 'RequestSetDNDOn' : 'RequestSetDNDOff'); break;
      default: this.#call(dn);
    }
    await this.tc.advance(this.#below(4) === 0 ? this.#below(4_000) : this.#below(300));
    if (this.#below(6) > 0) return;
    this.changes += 1;
    await this.tc.changeHalves('N1', this.#below(3_000));
    this.#connect();
  }

  async quiet(): Promise<void> {
    for (const dn of DNS) while (this.#calls.has(dn)) this.#call(dn);
    await this.tc.advance(40_000);
  }

  #below(n: number): number {
    return this.#random.uint32() % n;
  }

  #connect(): void {
    for (const dn of DNS) {
      const desk = this.tc.desk('N1');
      this.#desks.set(dn, desk);
      desk.register(dn);
    }
  }

  #ask(dn: string, msg: string, more: Parameters<Desk['ask']>[1] = {}): void {
    this.#desks.get(dn)!.ask(msg, { ThisDN: dn, ...more });
  }

  /** The DN's call goes on by one step, or one begins. */
  #call(dn: string): void {
    const call = this.#calls.get(dn) ?? { connID: `00100000000${String(this.#count += 1).padStart(5, '0')}`, state: 0 };
    const msg = ['EventRinging', 'EventEstablished', 'EventHeld', 'EventReleased'][call.state]!;
    this.sc.event(dn, call.connID, msg);
    if (msg === 'EventReleased') this.#calls.delete(dn);
    else this.#calls.set(dn, { ...call, state: call.state + 1 });
  }
}

const essence = ({ epoch, seq, inService, dnd, agent, calls, owner }: DnSnapshot): object =>
  ({ owner, epoch, seq, inService, dnd, agentID: agent?.agentID, agentStatus: agent?.agentStatus, workMode: agent?.workMode, calls: calls.length });

it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('seed %i: numbers without a gap, agents stay, replicas agree', async (seed) => {
  const day = new RandomDay(seed);
  const { tc } = day;
  await day.begin();
  for (let i = 0; i < ACTIONS; i += 1) await day.act();
  await day.quiet();
  expect(day.changes).toBeGreaterThan(0);
  for (const dn of DNS) {
    const events = day.watcher.events.filter((event) => event['ThisDN'] === dn && event.msg !== 'EventRegistered');
    expect(events.map((event) => event['DNSequence'])).toEqual(events.map((_, i) => i + 1));
    const epochs = events.map((event) => event['OwnerEpoch'] as number);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    const names = events.map(({ msg }) => msg);
    expect(names).not.toContain('EventAgentLogout');
    expect(names).not.toContain('EventDNOutOfService');
    const calls = names.filter((msg) => msg === 'EventRinging').length;
    expect(names.filter((msg) => msg === 'EventReleased')).toHaveLength(calls);
    const owner = tc.core(OWNER[dn]).owned().find((each) => each.dn === dn)!;
    expect(essence(tc.core('N2').picture(dn)!)).toEqual(essence(owner));
    expect(owner).toMatchObject({ inService: true, calls: [], agent: { agentID: `a${dn}` } });
    // Nobody is away any more: every desktop took its agent over.
    expect(await tc.ask('N2', dn, { kind: 'offer', connID: 'x', node: 'N9', leaseMs: 1 })).not.toMatchObject({ message: expect.stringContaining('lost its connection') });
  }
  await tc.close();
}, 60_000);
