/** Call limits (LIM-*), the cluster in one process with its own store: calls of a trunk over real sockets. */
import type { Call, Phone, Softphones } from '#softphone';
import { openSoftphones } from '#softphone';
import { becomes } from '../support/becomes.js';
import { Carrier, hangUpAll, outcomeOf, type Placed } from '../support/carrier.js';
import { ForeignAgent, type Heard, OFFER } from '../support/foreign-agent.js';
import { LimitsApi } from '../support/limits-api.js';
import { NUMBERS, oneMayWait, QUEUES, REFUSED, RIGHT, seedRound } from '../support/limits-round.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

/** One process is all of the switch here. */
const PER_SECOND = 50;
/** An Extension that takes as many calls as come, and a number of it alone. */
const ANSWERS = '7001';

describe('call limits, the cluster in one process', () => {
  let running: RunningSwitch;
  let api: LimitsApi;
  let carrier: Carrier;
  let phones: Softphones;
  let answering: Phone;
  let proxy: string;

  beforeAll(async () => {
    running = await startSwitch('one process', { queues: QUEUES });
    api = new LimitsApi(`http://${running.plan.console.host}:8080`);
    carrier = await Carrier.open(running.plan.carrier);
    proxy = running.proxies[0]!;
    const [host, port] = proxy.split(':') as [string, string];
    phones = await openSoftphones({
      listen: [{ transport: 'udp', host: running.plan.phones, port: 0 }], outboundProxy: { transport: 'udp', host, port: Number(port) },
    });
    answering = phones.add({
      user: ANSWERS, domain: running.plan.accessPoint, password: `secret-${ANSWERS}`, callsMax: 100, plan: () => ({ ringMs: 0, answerMs: 10 }),
    });
    expect(await answering.register()).toBe(200);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([carrier?.close(), phones?.close()]);
    await running?.stop();
  }, 60_000);
  afterEach(async () => {
    expect(await becomes(() => api.used(), (used) => used === 0)).toBe(0);
  }, 60_000);

  const place = (called: string): Promise<Placed> => carrier.place(called, proxy);
  const used = async (rule: string): Promise<number> => (await api.usage()).get(rule)?.used ?? -1;
  const usedBecomes = (rule: string, figure: number): Promise<number> => becomes(() => used(rule), (now) => now === figure);

  async function talk(): Promise<Call> {
    const call = carrier.dial(ANSWERS, proxy);
    await call.until('Established');
    return call;
  }

  it('fifty queues of a hundred have a caller: of a hundred more calls exactly those to the fifty are refused', async () => {
    await oneMayWait(api);
    const found = await seedRound(api, place, PER_SECOND);
    console.log(`${found.refused.length} refused, ${found.queued.length} queued, ${found.left} left; ${carrier.triedAgain} tried again because the node was busy`);
    expect(found).toEqual(RIGHT);
  }, 180_000);

  it('limit 5: the sixth is refused, and let in right after one has hung up', async () => {
    await api.rule('five', { dnis: ANSWERS, type: 'concurrent', limit: 5 });
    const five = await Promise.all(Array.from({ length: 5 }, talk));
    expect(await outcomeOf(carrier.dial(ANSWERS, proxy))).toBe(REFUSED);
    const [leaves, ...stay] = five as [Call, ...Call[]];
    leaves.hangUp();
    // The BYE has been answered when the slot is free.
    expect(await usedBecomes('five', 4)).toBe(4);
    const sixth = await place(ANSWERS);
    expect(sixth.outcome).toMatch(/^(queued|answered)$/);
    await sixth.call.until('Established');
    expect(await outcomeOf(carrier.dial(ANSWERS, proxy))).toBe(REFUSED);
    await hangUpAll([...stay, sixth.call].map((call) => ({ called: ANSWERS, call, outcome: '' })));
  }, 60_000);

  it('a call is let in as soon as a BYE is answered, and not before', async () => {
    await api.rule('five', { dnis: ANSWERS, type: 'concurrent', limit: 5 });
    const trunk = await ForeignAgent.open(running.plan.carrier);
    const invite = () => trunk.request(proxy, { method: 'INVITE', uri: `sip:${ANSWERS}@${proxy}`, from: 'sip:888@carrier.test', body: OFFER });
    const stand: Heard[] = [];
    const talks = async (): Promise<void> => {
      const answer = await invite();
      expect(answer.status).toBe(200);
      trunk.within(proxy, answer, 'ACK');
      stand.push(answer);
    };
    for (let n = 0; n < 5; n += 1) await talks();
    for (let n = 0; n < 25; n += 1) {
      expect((await invite()).status).toBe(486);
      expect(await trunk.within(proxy, stand.shift()!, 'BYE')).toMatchObject({ status: 200 });
      await talks();
    }
    for (const answer of stand) expect(await trunk.within(proxy, answer, 'BYE')).toMatchObject({ status: 200 });
    trunk.close();
  }, 60_000);

  it('limit 0: nobody is let in', async () => {
    await api.rule(`w${NUMBERS[0]}`, { dnis: NUMBERS[0], type: 'concurrent', limit: 0 });
    expect(await Promise.all(Array.from({ length: 3 }, async () => (await place(NUMBERS[0]!)).outcome))).toEqual([REFUSED, REFUSED, REFUSED]);
  }, 60_000);

  it('what one rule refuses takes nothing of another', async () => {
    const [a, b] = [NUMBERS[1]!, NUMBERS[2]!];
    await api.rule(`w${a}`, { dnis: a, type: 'concurrent-sum', dnisAlso: [b], limit: 2 });
    await api.rule(`w${b}`, { dnis: b, type: 'concurrent', limit: 1 });
    const calls = [await place(b)];
    for (let n = 0; n < 3; n += 1) expect((await place(b)).outcome).toBe(REFUSED);
    expect(await used(`w${a}`)).toBe(1);
    calls.push(await place(a));
    expect(calls.map(({ outcome }) => outcome)).toEqual(['queued', 'queued']);
    expect((await place(a)).outcome).toBe('486 CLM:ConcurrentCallsSUM limit exceeded');
    expect([await used(`w${a}`), await used(`w${b}`)]).toEqual([2, 1]);
    await hangUpAll(calls);
  }, 60_000);

  it('all busy refuses what is new, and nothing of a call that stands', async () => {
    await carrier.close();
    const trunk = await ForeignAgent.open(running.plan.carrier, 5090);
    const invite = () => trunk.request(proxy, { method: 'INVITE', uri: `sip:${ANSWERS}@${proxy}`, from: 'sip:888@carrier.test', body: OFFER });
    const stands = await invite();
    expect(stands.status).toBe(200);
    trunk.within(proxy, stands, 'ACK');
    await api.mode('all-busy');
    expect((await invite()).text.split('\r\n', 1)).toEqual(['SIP/2.0 486 CLM:All Busy']);
    const hold = { body: `${OFFER.replace('o=- 1 1', 'o=- 1 2')}a=sendonly\r\n` };
    expect(await trunk.within(proxy, stands, 'INVITE', hold)).toMatchObject({ status: 200 });
    const refresh = { ...hold, headers: ['Supported: timer', 'Session-Expires: 1800;refresher=uac'] };
    expect(await trunk.within(proxy, stands, 'INVITE', refresh)).toMatchObject({ status: 200 });
    expect(await trunk.within(proxy, stands, 'UPDATE')).toMatchObject({ status: 200 });
    expect(await trunk.within(proxy, stands, 'BYE')).toMatchObject({ status: 200 });
    trunk.close();
    await api.mode('dnis');
    carrier = await Carrier.open(running.plan.carrier);
  }, 60_000);

  it('a shadow says of a load what an enforced rule refuses of it', async () => {
    const [enforced, shadow] = [NUMBERS[3]!, NUMBERS[4]!];
    await api.rule(`w${enforced}`, { dnis: enforced, type: 'concurrent', limit: 3 });
    await api.rule(`w${shadow}`, { dnis: shadow, type: 'concurrent', limit: 3, shadow: true });
    const load = recordedLoad(7, 60);
    const full = async (rule: string): Promise<number> => (await api.usage()).get(rule)?.wouldRefuse ?? 0;
    const refused = await replay(load, enforced, async ({ outcome }) => outcome === REFUSED);
    let ghosts = 0;
    const wouldRefuse = await replay(load, shadow, async () => {
      const before = ghosts;
      ghosts = await full(`w${shadow}`);
      return ghosts > before;
    }, () => full(`w${shadow}`).then((now) => { ghosts = now; }));
    expect(refused.length).toBeGreaterThan(5);
    expect(refused.length).toBeLessThan(30);
    expect(wouldRefuse).toEqual(refused);
  }, 120_000);

  /** Numbers of the arrivals that met a full rule. Each end is counted before the next arrival comes. */
  async function replay(
    load: readonly Step[], called: string, metFull: (placed: Placed) => Promise<boolean>, ended: () => Promise<void> = async () => {},
  ): Promise<number[]> {
    const live = new Map<number, Placed>();
    const full: number[] = [];
    for (const { arrives, ends } of load) {
      if (arrives !== undefined) {
        const placed = await place(called);
        if (placed.outcome === 'queued') live.set(arrives, placed);
        if (await metFull(placed)) full.push(arrives);
      }
      const over = ends === undefined ? undefined : live.get(ends);
      if (over === undefined) continue;
      live.delete(ends!);
      await hangUpAll([over]);
      expect(await usedBecomes(`w${called}`, live.size)).toBe(live.size);
      await ended();
    }
    await hangUpAll([...live.values()]);
    return full;
  }
});

interface Step {
  readonly arrives?: number;
  readonly ends?: number;
}

/** Calls that come, and end in any order; a call that was refused ends for nobody. */
function recordedLoad(seed: number, calls: number): Step[] {
  let state = seed;
  const below = (bound: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % bound;
  };
  const steps: Step[] = [];
  const standing: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    steps.push({ arrives: call });
    standing.push(call);
    // As many end as come: about five stand, of which three fit.
    while (standing.length > 2 + below(6)) steps.push({ ends: standing.splice(below(standing.length), 1)[0]! });
  }
  return steps;
}
