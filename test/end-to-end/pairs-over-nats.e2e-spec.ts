/** HA-01, HA-02, PRX-11: a node of two processes over a real NATS server. */
import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';
import { natsSuite } from '../support/nats.js';
import { type Halves, type RunningSwitch, startPair } from '../support/running-switch.js';

const FIRST = 'SIPS_dc1_1';
const SECOND = 'SIPS_dc1_1b';
const nextCall = (phone: Phone): Promise<Call> => new Promise((resolve) => { phone.events.onCall = resolve; });

natsSuite('a pair of session controllers', () => {
  let run: RunningSwitch;
  let phones: Softphones;
  const phone = (dn: string): Phone => phones.phone(dn)!;

  beforeAll(async () => {
    run = await startPair();
    const host = run.plan.phones;
    phones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: 0 }, { transport: 'tcp', host, port: 0 }], nameserver: { host: run.plan.dns.host, port: 5300 },
    });
    for (const user of ['7001', '7002']) phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport: 'udp' });
    expect(await Promise.all(['7001', '7002'].map((user) => phone(user).register()))).toEqual([200, 200]);
  }, 120_000);
  afterAll(async () => {
    await phones?.close();
    await run?.stop();
  }, 60_000);

  /** The two halves, once the backup holds everything. Which is which may change at any time on a machine that is busy. */
  async function roles(): Promise<Halves> {
    let found: Halves | undefined;
    await until('one primary, and one backup that holds everything', async () => {
      found = await run.halves();
      return found !== undefined;
    });
    return found!;
  }

  /** Of that DN in the only call there is. */
  const stateOf = async (dn: string): Promise<unknown> => (await run.ask('calls list'))
    .flatMap(({ result }) => result['calls'] as { parties: { dn: string; state: string }[] }[])
    .flatMap(({ parties }) => parties).find((party) => party.dn === dn)?.state;

  const processOf = (half: string) => run.processes.get(`${half}/cordboard`)!;

  /** As seen from the half itself, whatever others still believe of it. */
  const isPrimary = (half: string) => async (): Promise<boolean> =>
    (await run.ask('pair show')).some(({ result }) => result?.['process'] === half && result['role'] === 'primary');

  async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
    const startedMs = performance.now();
    while (!await isSo().catch(() => false)) {
      if (performance.now() - startedMs > 20_000) throw new Error(`not within 20 s: ${what}; ${JSON.stringify(await run.ask('pair show'))}`);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return performance.now() - startedMs;
  }

  /** Rings, is answered, and ends. */
  async function callsWork(): Promise<void> {
    const { called, caller } = await talk();
    caller.hangUp();
    await called.until('Ended');
  }

  async function talk(): Promise<{ caller: Call; called: Call }> {
    const arrives = nextCall(phone('7002'));
    const caller = phone('7001').call('7002');
    const called = await Promise.race([arrives, caller.until('Ended').then(() => { throw new Error(`the call ended: ${JSON.stringify(caller.end)}`); })]);
    called.answer();
    await caller.until('Established');
    return { caller, called };
  }

  /** New calls are refused while there is no primary: the caller tries again. */
  const callsWorkAgain = () => until('a call', () => callsWork().then(() => true));

  it('runs its tiers in one half, and the other one stands by', async () => {
    const { primary, backup } = await roles();
    expect([primary, backup].sort()).toEqual([FIRST, SECOND]);
    await callsWork();
  }, 60_000);

  it('is switched over on command, and back', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { backup, instance } = await roles();
      const answer = await run.ask('switchover', { node: FIRST }, instance);
      expect(answer[0]?.result).toMatchObject({ node: FIRST, primary: backup });
      const againMs = await callsWorkAgain();
      console.log(`switchover by command: the other half leads after ${String(answer[0]?.result['afterMs'])} ms, calls work ${againMs.toFixed(0)} ms later`);
    }
  }, 60_000);

  it('has no two primaries when the primary stands still for 5 s', async () => {
    const { primary, backup } = await roles();
    processOf(primary).signal('SIGSTOP');
    await until('the other half is primary', isPrimary(backup));
    await callsWorkAgain();
    await new Promise((resolve) => { setTimeout(resolve, 3_000); });
    processOf(primary).signal('SIGCONT');
    await roles();
    await callsWork();
  }, 60_000);

  it('goes on when the primary is killed', async () => {
    const { primary, backup } = await roles();
    await run.kill(`${primary}/cordboard`);
    const callMs = await callsWorkAgain();
    console.log(`kill -9 of the primary: calls work after ${callMs.toFixed(0)} ms`);
    await until('the other half is primary', isPrimary(backup));
    await run.begin(`${primary}/cordboard`);
    await roles();
  }, 60_000);

  it('carries an established call over the death of its primary: hold, retrieve and BYE work', async () => {
    const { primary, backup } = await roles();
    const { caller, called } = await talk();
    await run.kill(`${primary}/cordboard`);
    await until('the other half is primary', isPrimary(backup));
    caller.hold();
    await until('the caller holds', async () => await stateOf('7001') === 'Held');
    caller.retrieve();
    await until('the caller has retrieved', async () => await stateOf('7001') === 'Established');
    caller.hangUp();
    await called.until('Ended');
    expect(called.end).toEqual({ by: 'them', status: 200 });
    await run.begin(`${primary}/cordboard`);
  }, 60_000);

  it('takes calls while its processes are restarted one after the other (HA-02)', async () => {
    for (let round = 0; round < 2; round += 1) {
      const { primary } = await roles();
      const process = processOf(primary);
      process.signal('SIGTERM');
      expect((await process.exited).status).toBe(0);
      await callsWorkAgain();
      await run.begin(`${primary}/cordboard`);
    }
  }, 60_000);
});
