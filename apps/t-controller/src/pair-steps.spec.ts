/** An agent's day, cut after each of its steps: the other half goes on, and nobody who watches can tell (docs/specs/dn.md). */
import type { TEvent } from '#tlib';
import { FakeSc } from './fixtures/sc.fixture.js';
import { CONN, type Desk, TcWorld } from './fixtures/tc-world.fixture.js';

const DN = '7001';
const STEP_MS = 5_000;
/** A step has settled by then. */
const CUT_MS = 400;
const AWAY_MS = 2_000;
const OPTIONS = ', wrap-up-time: 13, legal-guard-time: 9';

/** What the steps act on; the desktop is another one after a cut. */
class Day {
  desk!: Desk;
  watcher!: Desk;
  sc!: FakeSc;
  readonly offers: unknown[] = [];

  constructor(readonly tc: TcWorld) {}

  static async begin(options: string): Promise<Day> {
    const day = new Day(new TcWorld(options).paired('N1'));
    await day.tc.start('N1', 'N2');
    day.sc = await day.tc.world.start('N9', (ports) => new FakeSc(ports, 'N9'));
    day.watcher = day.tc.desk('N2', 'monitor');
    day.watcher.register(DN);
    day.#connect();
    await day.tc.advance(1_000);
    return day;
  }

  ask(msg: string, more: Parameters<Desk['ask']>[1] = {}): void {
    this.desk.ask(msg, { ThisDN: DN, ...more });
  }

  async offer(connID = CONN): Promise<void> {
    const answer = await this.tc.ask('N2', DN, { kind: 'offer', connID, node: 'N9', leaseMs: 7_000 });
    this.offers.push(typeof answer === 'string' ? answer : answer.kind);
  }

  call(msg: string): void {
    this.sc.event(DN, CONN, msg);
  }

  /** The primary is lost; its desktops come back to the other half. */
  async cut(): Promise<void> {
    await this.tc.changeHalves('N1', AWAY_MS - 500);
    this.#connect();
  }

  #connect(): void {
    this.desk = this.tc.desk('N1');
    this.desk.register(DN);
  }

  /** The DN's numbered events, as the watcher heard them. */
  get heard(): TEvent[] {
    return this.watcher.events.filter((event) => event['ThisDN'] === DN && event.msg !== 'EventRegistered');
  }
}

const STEPS: readonly (readonly [what: string, act: (day: Day) => void | Promise<void>])[] = [
  ['nothing', () => {}],
  ['phone', (day) => day.tc.phone('N1', DN)],
  ['login', (day) => day.ask('RequestAgentLogin', { AgentID: 'a1' })],
  ['ready', (day) => day.ask('RequestAgentReady')],
  ['not ready with a reason', (day) => day.ask('RequestAgentNotReady', { AgentWorkMode: 'AuxWork', Reasons: [['ReasonCode', 'lunch']] })],
  ['ready again', (day) => day.ask('RequestAgentReady')],
  ['offered', (day) => day.offer()],
  ['offered again within the lease', async (day) => {
    await day.offer('another');
    day.call('EventRinging');
  }],
  ['established', (day) => day.call('EventEstablished')],
  ['held', (day) => day.call('EventHeld')],
  ['retrieved', (day) => day.call('EventRetrieved')],
  ['released, after-call work', (day) => day.call('EventReleased')],
  ['in after-call work', () => {}],
  ['still', () => {}],
  ['legal guard', () => {}],
  ['guard ends', () => {}],
  ['offered after the guard', (day) => day.offer('third')],
  ['do not disturb', (day) => day.ask('RequestSetDNDOn')],
  ['refused', (day) => day.offer('fourth')],
  ['lamp', (day) => day.ask('RequestSetMessageWaitingOn')],
  ['own after-call work', (day) => day.ask('RequestAgentNotReady', { AgentWorkMode: 'AfterCallWork', Extensions: [['WrapUpTime', 7]] })],
  ['own after-call work goes on', () => {}],
  ['ready after it', () => {}],
  ['logout', (day) => day.ask('RequestAgentLogout')],
  ['end', () => {}],
];

/** Name and whatever tells of a state, with the second of the day. */
const gist = (event: TEvent, startMs: number): unknown[] => {
  const { sec, usec } = event['Time'] as { sec: number; usec: number };
  return [event.msg, event['AgentWorkMode'], event['Reasons'], event['AgentID'], event['DNSequence'], Math.round((sec * 1_000 + usec / 1_000 - startMs) / 250)];
};

/** Lives the day, with cuts after these steps; answers what the watcher heard and what offers were told. */
async function live(...cuts: readonly number[]): Promise<{ told: unknown[][]; offers: unknown[]; epochs: number[]; day: Day }> {
  const day = await Day.begin(OPTIONS);
  const startMs = day.tc.nowMs();
  for (const [i, [, act]] of STEPS.entries()) {
    await day.tc.advance(startMs + i * STEP_MS - day.tc.nowMs());
    await act(day);
    await day.tc.advance(Math.max(0, startMs + i * STEP_MS + CUT_MS - day.tc.nowMs()));
    if (cuts.includes(i)) await day.cut();
  }
  await day.tc.advance(20_000);
  const told = day.heard.map((event) => gist(event, startMs));
  return { told, offers: day.offers, epochs: day.heard.map((event) => event['OwnerEpoch'] as number), day };
}

describe('an agent whose T-Controller changes halves', () => {
  let uncut: Awaited<ReturnType<typeof live>>;
  beforeAll(async () => {
    uncut = await live();
    await uncut.day.tc.close();
  });

  it('has a day worth cutting', () => {
    expect(uncut.told.map(([msg]) => msg)).toEqual([
      'EventDNBackInService', 'EventAgentLogin', 'EventAgentNotReady', 'EventAgentReady', 'EventAgentNotReady', 'EventAgentReady', 'EventRinging',
      'EventEstablished', 'EventHeld', 'EventRetrieved', 'EventAgentNotReady', 'EventReleased', 'EventAgentNotReady', 'EventAgentReady', 'EventDNDOn',
      'EventMessageWaitingOn', 'EventAgentNotReady', 'EventAgentReady', 'EventAgentLogout',
    ]);
    expect(uncut.offers).toEqual(['offered', 'error', 'offered', 'error']);
  });

  it.each(STEPS.map(([what], i) => [what, i] as const))('after "%s" (%i)', async (_what, i) => {
    const { told, offers, epochs, day } = await live(i);
    expect(told).toEqual(uncut.told);
    expect(offers).toEqual(uncut.offers);
    expect(new Set(epochs).size).toBeLessThanOrEqual(2);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    await day.tc.close();
  });

  it('after every step of the day', async () => {
    const { told, offers, epochs, day } = await live(...STEPS.keys());
    expect(told).toEqual(uncut.told);
    expect(offers).toEqual(uncut.offers);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    await day.tc.close();
  });
});

it('an agent who does nothing is logged out when his time is over, counted from before the change', async () => {
  const day = await Day.begin(', auto-logout-timeout: 1');
  day.tc.phone('N1', DN);
  await day.tc.advance(300);
  day.ask('RequestAgentLogin', { AgentID: 'a1' });
  await day.tc.advance(30_000);
  await day.cut();
  await day.tc.advance(27_000);
  expect(day.heard.at(-1)).toMatchObject({ msg: 'EventAgentNotReady' });
  await day.tc.advance(1_500);
  expect(day.heard.at(-1)).toMatchObject({ msg: 'EventAgentLogout' });
  await day.tc.close();
});
