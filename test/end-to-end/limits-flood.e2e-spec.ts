/** A flood from an address that nobody trusts, at the proxy by which a trunk's calls come (PRX-32, LIM-*). */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { becomes } from '../support/becomes.js';
import { Carrier, paced, type Placed } from '../support/carrier.js';
import { LimitsApi } from '../support/limits-api.js';
import { NUMBERS, oneMayWait, QUEUES } from '../support/limits-round.js';
import { natsSuite } from '../support/nats.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

/** From the working directory, since this file also runs from dist/. */
const FLOOD = join(process.cwd(), 'dist/test/support/flood.js');
const FLOOD_PER_SECOND = 10_000;
const FLOOD_S = 3;
const CALLS = 60;
/** As many as are over when the flood is. */
const CALLS_PER_SECOND = 20;

natsSuite('call limits and a flood', () => {
  let running: RunningSwitch;
  let carrier: Carrier;
  let proxy: string;
  let flooder: string;
  let trusted: string;

  beforeAll(async () => {
    running = await startSwitch('processes over NATS', (block) => ({ queues: QUEUES, options: { 'trusted-peers': `${block}.99`, 'flood-burst': 50, 'flood-rate': 10 } }));
    const { block } = running.plan;
    [flooder, trusted] = [`${block}.98`, `${block}.99`];
    carrier = await Carrier.open(running.plan.carrier);
    proxy = running.proxies[0]!;
    await oneMayWait(new LimitsApi(`http://${running.plan.console.host}:8080`));
  }, 120_000);
  afterAll(async () => {
    await carrier?.close();
    await running?.stop();
  }, 60_000);

  const banned = async (): Promise<string[]> =>
    (await running.ask('bans list', {}, running.plan.proxies[0]!.name)).flatMap(({ result }) => result['banned'] as string[]);

  /** Resolves with what it says when it has sent all. */
  function flood(from: string): Promise<string> {
    const child = spawn(process.execPath, [FLOOD, `${from}:5060`, proxy, String(FLOOD_PER_SECOND), String(FLOOD_S)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
    return new Promise((resolve) => { child.once('exit', () => resolve(said.trim())); });
  }

  /** Milliseconds from each INVITE to its first answer that is not 100. */
  async function calls(): Promise<{ readonly outcomes: ReadonlySet<string>; readonly tookMs: readonly number[] }> {
    const tookMs: number[] = [];
    const placed = await paced(CALLS_PER_SECOND, Array.from({ length: CALLS }, (_, n) => async (): Promise<Placed> => {
      const startMs = performance.now();
      const each = await carrier.place(NUMBERS[n % NUMBERS.length]!, proxy);
      tookMs.push(performance.now() - startMs);
      return each;
    }));
    for (const { call } of placed) call.hangUp();
    await Promise.all(placed.map(({ call }) => call.until('Ended')));
    return { outcomes: new Set(placed.map(({ outcome }) => outcome)), tookMs: tookMs.sort((a, b) => a - b) };
  }
  const figures = (tookMs: readonly number[]): string =>
    [0.5, 0.95].map((part) => `${Math.round(tookMs[Math.min(tookMs.length - 1, Math.floor(part * tookMs.length))]!)} ms`).join(' median, ');

  it('bans who floods, and lets every call of the trunk in meanwhile', async () => {
    const quiet = await calls();
    const flooding = flood(flooder);
    const loud = await calls();
    const said = await flooding;
    console.log(`INVITE to first answer: ${figures(quiet.tookMs)} p95 without a flood, ${figures(loud.tookMs)} p95 with one (${said} in ${FLOOD_S} s)`);
    expect([[...quiet.outcomes], [...loud.outcomes]]).toEqual([['queued'], ['queued']]);
    expect(await becomes(banned, (all) => all.length > 0)).toEqual([flooder]);
  }, 120_000);

  it('bans nobody who is trusted', async () => {
    await flood(trusted);
    const [answer] = await running.ask('verdicts show', {}, running.plan.proxies[0]!.name);
    expect(answer?.result['mode']).toBe('dnis');
    expect(await banned()).not.toContain(trusted);
  }, 120_000);
});
