/**
 * How long a node of two processes is away: when its primary is told to hand over, and when it is killed. Tiers are processes over a real
 * nats-server; a phone calls another one again and again until a call stands.
 */
import type { Call, Phone, Softphones } from '#softphone';
import { type Halves, type RunningSwitch, startPair } from '../../test/support/running-switch.js';
import { findNatsServer } from '../../test/support/server-files.js';
import { openPhones, report } from './pair.js';
import { now } from './sites.js';

const ROUNDS = 5;
const NODE = 'SIPS_dc1_1';
const USERS = ['7001', '7002'];
const PATIENCE_MS = 30_000;
const LOOK_MS = 10;

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

if (findNatsServer() === undefined) console.log('  no nats-server, so this is left out: node scripts/fetch-servers.mjs');
else await measureAll(await startPair());

async function measureAll(run: RunningSwitch): Promise<void> {
  let phones: Softphones | undefined;
  try {
    phones = await phonesOf(run);
    const [caller, called] = USERS.map((user) => phones!.phone(user)!) as [Phone, Phone];
    called.events.onCall = (call) => call.answer();
    await callsWork(caller);
    const told: number[] = [];
    const killed: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      told.push(await until(() => callsWork(caller), await begun(run, ({ instance }) => run.ask('switchover', { node: NODE }, instance))));
      const { primary } = await halves(run);
      killed.push(await until(() => callsWork(caller), await begun(run, () => run.kill(`${primary}/cordboard`))));
      await run.begin(`${primary}/cordboard`);
    }
    report('switchover by command, until a new call stands', told);
    report('kill -9 of the primary, until a new call stands', killed);
  } finally {
    await phones?.close();
    await run.stop();
  }
}

async function phonesOf(run: RunningSwitch): Promise<Softphones> {
  const phones = await openPhones(run);
  for (const user of USERS) phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport: 'udp' });
  for (const user of USERS) await phones.phone(user)!.register();
  return phones;
}

/** A call stands, and ends. */
async function callsWork(caller: Phone): Promise<boolean> {
  const call: Call = caller.call(USERS[1] as string);
  const stands = await Promise.race([call.until('Established').then(() => true), call.until('Ended').then(() => false)]);
  if (!stands) return false;
  call.hangUp();
  await call.until('Ended');
  return true;
}

/** Starts what is measured once both halves are well; answers when. */
async function begun(run: RunningSwitch, act: (now: { readonly instance: string }) => Promise<unknown>): Promise<number> {
  const found = await halves(run);
  const startedMs = now();
  await act(found);
  return startedMs;
}

async function halves(run: RunningSwitch): Promise<Halves> {
  let found: Halves | undefined;
  await until(async () => {
    found = await run.halves();
    return found !== undefined;
  }, now());
  return found!;
}

/** Asks again until it is so; answers how long after `sinceMs` that was. */
async function until(isSo: () => Promise<boolean>, sinceMs: number): Promise<number> {
  while (!await isSo().catch(() => false)) {
    if (now() - sinceMs > PATIENCE_MS) throw new Error(`not within ${PATIENCE_MS / 1000} s`);
    await pause(LOOK_MS);
  }
  return now() - sinceMs;
}
