/** PRX-10: a proxy notices at once that the process of a session controller is gone, and loses no call that has not been answered yet. */
import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';
import { natsSuite } from '../support/nats.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

const KILLED = 'SIPS_dc1_1/session-controller';
const USERS = ['7001', '7002', '7003', '7004', '7005', '7006'];
/** A request that waits in vain is moved on after 2 s, and OPTIONS tell a dead controller after 1 s. */
const AT_ONCE_MS = 900;

natsSuite('the process of a session controller is killed', () => {
  let run: RunningSwitch;
  let phones: Softphones;
  /** Each call between others: one DN's calls stay at one controller. */
  let turn = 0;
  const phone = (dn: string): Phone => phones.phone(dn)!;

  beforeAll(async () => {
    run = await startSwitch('processes over NATS');
    const host = run.plan.phones;
    phones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: 0 }, { transport: 'tcp', host, port: 0 }], nameserver: { host: run.plan.dns.host, port: 5300 },
    });
    for (const user of USERS) phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport: 'udp' });
    expect(await Promise.all(USERS.map((user) => phone(user).register()))).toEqual(USERS.map(() => 200));
    while (!await allUp()) await new Promise((resolve) => { setTimeout(resolve, 50); });
  }, 120_000);
  afterAll(async () => {
    // It does not hear a friendlier signal while it stands still.
    if (run?.processes.has(KILLED)) await run.kill(KILLED);
    await phones?.close();
    await run?.stop();
  }, 60_000);

  interface Destination { readonly name: string; readonly state: string; readonly lifeline: string; readonly picked: number }
  /** As each proxy sees them. Nobody else is asked: the controller does not answer. */
  const destinations = async (): Promise<Destination[]> =>
    (await Promise.all(run.plan.proxies.map(({ name }) => run.ask('destinations list', {}, name))))
      .flat().flatMap(({ result }) => (result?.['destinations'] ?? []) as Destination[]);
  const allUp = async (): Promise<boolean> => {
    const all = await destinations();
    return all.length === 4 && all.every(({ state, lifeline }) => state === 'in-service' && lifeline === 'Up');
  };
  const pickedOfKilled = async (): Promise<number> => (await destinations())
    .filter(({ name }) => KILLED.startsWith(name)).reduce((sum, { picked }) => sum + picked, 0);

  /** Answers at the other end as soon as it rings there. */
  async function talk(): Promise<Call> {
    const [from, to] = [USERS[turn % USERS.length]!, USERS[(turn + 1) % USERS.length]!];
    turn += 2;
    const arrives = new Promise<Call>((resolve) => { phone(to).events.onCall = resolve; });
    const call = phone(from).call(to);
    (await Promise.race([arrives, call.until('Ended').then(() => { throw new Error(`the call ended: ${JSON.stringify(call.end)}`); })])).answer();
    await call.until('Established');
    return call;
  }

  async function ended(call: Call): Promise<void> {
    call.hangUp();
    await call.until('Ended');
  }

  /** Proxies take controllers in turn: a call that goes to the other one is answered, and the next one comes here. */
  async function untilOneWaits(before: number): Promise<{ readonly call: Promise<Call> }> {
    for (let tries = 0; tries < 10; tries += 1) {
      let answered = false;
      const call = talk();
      void call.then(() => { answered = true; });
      while (!answered) {
        if (await pickedOfKilled() > before) return { call };
        await new Promise((resolve) => { setTimeout(resolve, 10); });
      }
      await ended(await call);
    }
    throw new Error(`no call went to ${KILLED}: ${JSON.stringify(await destinations())}`);
  }

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const startedMs = performance.now();
    await work();
    return Math.round(performance.now() - startedMs);
  }

  it('a call that waits there goes on at once, and so does every new one', async () => {
    run.processes.get(KILLED)!.signal('SIGSTOP');
    const before = await pickedOfKilled();
    const { call } = await untilOneWaits(before);
    await run.kill(KILLED);
    const movedMs = await timed(() => call);
    await ended(await call);
    const newMs: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      newMs.push(await timed(async () => {
        await ended(await talk());
      }));
    }
    console.log(`kill -9: the call that waited is answered after ${movedMs} ms, new calls take ${newMs.join(', ')} ms`);
    expect(Math.max(movedMs, ...newMs)).toBeLessThan(AT_ONCE_MS);
  }, 60_000);
});
