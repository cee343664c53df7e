/** Call limits (LIM-*) stay exact when a proxy, a session controller or Redis is killed while calls come and go (docs/specs/limits.md, "Slots"). */
import type { Call } from '#softphone';
import { becomes } from '../support/becomes.js';
import { hangUpAll, type Placed } from '../support/carrier.js';
import { CounterWatch } from '../support/counter-watch.js';
import { ForeignAgent, type Heard, OFFER } from '../support/foreign-agent.js';
import { REFUSED } from '../support/limits-round.js';
import { type Counted, LEASE_S, LIMIT, LimitsStage, NUMBERS, TALK, WAIT } from '../support/limits-stage.js';
import { Traffic } from '../support/limits-traffic.js';
import { natsSuite } from '../support/nats.js';
import { redisSuite } from '../support/servers.js';

const LET_IN = /^(queued|answered)$/;
const PER_SECOND = 12;
/** Calls that come before a kill, while what was killed is away, and when it is back. */
const SOME = 18;
const TEST_MS = 300_000;
/** Nobody comes or goes at these: their calls stand at the pair all the time. */
const STAND = [TALK.at(-1)!, WAIT.at(-1)!];
const BUSY = NUMBERS.filter((number) => !STAND.includes(number));

redisSuite('call limits in Redis', (binary) => natsSuite('after kills under load', () => {
  let stage: LimitsStage;
  let refresher: ForeignAgent;

  beforeAll(async () => {
    stage = await LimitsStage.start(binary);
    refresher = await ForeignAgent.open(stage.running.plan.carrier);
    refresher.answerOptions();
  }, 240_000);
  afterAll(async () => {
    refresher?.close();
    await stage?.stop();
  }, 60_000);

  afterEach(() => stage.clear(), 60_000);

  interface Standing {
    readonly placed: readonly Placed[];
    /** The 2xx of a call of which every byte is ours. */
    readonly answer: Heard;
  }
  interface Harm {
    kill(): Promise<void>;
    restart(): Promise<void>;
  }

  const PAIR = (): string => stage.running.plan.nodes[0]!.name;
  const isAtPair = async (ani: string): Promise<boolean> =>
    (await becomes(() => stage.calls(), (calls) => calls.some((call) => call.ani === ani))).find((call) => call.ani === ani)?.node === PAIR();
  const figure = async (number: string): Promise<number> => (await stage.figures()).get(number)!;
  const figureBecomes = async (number: string, count: number): Promise<void> =>
    expect([number, await becomes(() => figure(number), (now) => now === count)]).toEqual([number, count]);

  /** Places calls until so many stand there, at the pair. */
  async function stand(called: string, count: number): Promise<Placed[]> {
    const placed: Placed[] = [];
    for (let n = 0; placed.length < count; n += 1) {
      const each = await stage.place(called, n);
      expect([called, each.outcome]).toEqual([called, expect.stringMatching(LET_IN)]);
      if (await isAtPair(each.call.invite!.from.uri.userName!)) placed.push(each);
      else await hangUpAll([each]);
      await figureBecomes(called, placed.length);
    }
    return placed;
  }

  async function standing(): Promise<Standing> {
    const [talk, wait] = STAND as [string, string];
    const placed = [...await stand(talk, LIMIT - 1), ...await stand(wait, LIMIT)];
    const proxy = stage.proxy(0);
    // An Extension's calls stay together, at the pair.
    const answer = await refresher.request(proxy, { method: 'INVITE', uri: `sip:${talk}@${proxy}`, from: 'sip:+81509999999@carrier.test', body: OFFER });
    expect(answer.status).toBe(200);
    refresher.within(proxy, answer, 'ACK');
    await figureBecomes(talk, LIMIT);
    return { placed, answer };
  }

  /** Whoever does not know a call any more says so to its hold: who stands then, stands. */
  async function holdAndRetrieve(calls: readonly Call[]): Promise<void> {
    for (const wish of [true, false]) {
      for (const call of calls) wish ? call.hold() : call.retrieve();
      const answered = (call: Call): boolean => call.state === 'Ended' || (call.onHold === wish && !call.offering);
      const open = () => calls.filter((call) => !answered(call)).map((call) => call.callId);
      expect(await becomes(() => Promise.resolve(open()), ({ length }) => length === 0, 60_000)).toEqual([]);
    }
  }

  /** Nobody new is let in, and who talks goes on. */
  async function allBusy(calls: readonly Call[], answer: Heard): Promise<void> {
    await stage.api.mode('all-busy');
    expect((await stage.place(BUSY[0]!, 0)).outcome).toBe('486 CLM:All Busy');
    await holdAndRetrieve(calls.filter(({ state }) => state === 'Established'));
    const headers = ['Supported: timer', 'Session-Expires: 1800;refresher=uac'];
    expect(await refresher.within(stage.proxy(1), answer, 'INVITE', { body: OFFER, headers })).toMatchObject({ status: 200 });
    await stage.api.mode('dnis');
  }

  const countedAs = (at: (number: string) => number): Counted => {
    const all = Object.fromEntries(NUMBERS.map((number) => [number, at(number)]));
    return { used: all, calls: all, records: NUMBERS.reduce((sum, number) => sum + at(number), 0) };
  };
  const countedBecomes = async (at: (number: string) => number): Promise<void> => {
    const wanted = countedAs(at);
    const same = (counted: Counted | undefined): boolean => JSON.stringify(counted) === JSON.stringify(wanted);
    expect(await becomes(() => stage.counted().catch(() => undefined), same)).toEqual(wanted);
  };

  /** One call less than the limit there: the next is let in, and the one after it refused. Answers those that stand. */
  async function limitHolds(called: string, calls: readonly Placed[]): Promise<Placed[]> {
    const [leave, stay] = [calls.slice(LIMIT - 1), calls.slice(0, LIMIT - 1)];
    await hangUpAll(leave);
    await figureBecomes(called, stay.length);
    for (let n = 0; stay.length < LIMIT; n += 1) {
      const each = await stage.place(called, n);
      expect([called, each.outcome]).toEqual([called, expect.stringMatching(LET_IN)]);
      stay.push(each);
      await figureBecomes(called, stay.length);
    }
    for (const n of [0, 1]) expect([called, (await stage.place(called, n)).outcome]).toEqual([called, REFUSED]);
    return stay;
  }

  async function underLoad(harm: Harm): Promise<CounterWatch> {
    const { placed, answer } = await standing();
    const watch = new CounterWatch(() => stage.figures(), LEASE_S * 1_000);
    const traffic = new Traffic(BUSY, PER_SECOND, (called, n) => stage.dial(called, n));
    try {
      await traffic.more(SOME);
      await harm.kill();
      await traffic.more(SOME);
      await harm.restart();
      await traffic.more(SOME);
      await traffic.freeze();
    } finally {
      traffic.stop();
    }
    const at = (number: string): Call[] => [...traffic.at(number), ...placed.filter((each) => each.called === number).map(({ call }) => call)];
    await allBusy(NUMBERS.flatMap(at), answer);
    const startMs = performance.now();
    await countedBecomes((number) => at(number).length + (number === STAND[0] ? 1 : 0));
    console.log(`${JSON.stringify(Object.fromEntries(traffic.outcomes))}; live at ${NUMBERS.map((number) => at(number).length).join(', ')}; `
      + `exact ${Math.round(performance.now() - startMs)} ms after the last call came`);
    await watch.end();
    expect(placed.map(({ call }) => call.state)).toEqual(placed.map(({ called }) => (called === STAND[0] ? 'Established' : 'Proceeding')));

    expect(await refresher.within(stage.proxy(0), answer, 'BYE')).toMatchObject({ status: 200 });
    const full = await Promise.all(NUMBERS.map((called) => limitHolds(called, at(called).map((call) => ({ called, call, outcome: '' })))));
    await countedBecomes(() => LIMIT);
    await hangUpAll(full.flat());
    await countedBecomes(() => 0);
    // A full set fits again, and not one more.
    const again = await Promise.all(NUMBERS.map((called) => limitHolds(called, [])));
    await hangUpAll(again.flat());
    await countedBecomes(() => 0);
    expect(Math.min(...watch.least.values())).toBeGreaterThanOrEqual(0);
    return watch;
  }

  /** Ends a process, and starts it again. */
  const ofProcess = (key: string): Harm => ({ kill: () => stage.running.kill(key), restart: () => stage.running.begin(key) });
  const standingFigures = ({ least, most, looks }: CounterWatch) => STAND.map((number) => [least.get(number) ?? LIMIT, most.get(number) ?? LIMIT, looks > 0]);
  const STOOD = STAND.map(() => [LIMIT, LIMIT, true]);

  it('a proxy', async () => {
    const watch = await underLoad(ofProcess(`${stage.running.plan.proxies[0]!.name}/sip-proxy`));
    expect(standingFigures(watch)).toEqual(STOOD);
    // The numbers of `waiting` rules let calls in while the store does not answer.
    expect(TALK.map((number) => watch.most.get(number)).filter((most) => most! > LIMIT)).toEqual([]);
  }, TEST_MS);

  it('a session controller without another half', async () => {
    const watch = await underLoad(ofProcess(`${stage.running.plan.nodes[1]!.name}/cordboard`));
    expect(standingFigures(watch)).toEqual(STOOD);
  }, TEST_MS);

  it('the primary half of a pair: its calls keep their slots', async () => {
    const { primary } = (await becomes(() => stage.halves(), (halves) => halves !== undefined))!;
    const watch = await underLoad(ofProcess(`${primary}/cordboard`));
    expect(standingFigures(watch)).toEqual(STOOD);
  }, TEST_MS);

  it('Redis, which starts again with what it had', async () => {
    await underLoad(stage.redis);
  }, TEST_MS);

  it('Redis, which starts again with nothing', async () => {
    await underLoad({
      kill: () => stage.redis.kill(),
      restart: () => {
        stage.redis.forget();
        return stage.redis.restart();
      },
    });
  }, TEST_MS);
}));
