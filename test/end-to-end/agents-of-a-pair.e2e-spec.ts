/** HA-01: kill -9 of the process that an agent's desktop is connected to, over a real NATS server (docs/adr/0005-desktops-of-a-pair.md). */
import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';
import type { TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { natsSuite } from '../support/nats.js';
import { type RunningSwitch, startPair } from '../support/running-switch.js';
import { backupHost } from '../support/switch.js';

const AGENT = '7001';
const CALLER = '7002';

natsSuite('the agents of a pair', () => {
  let run: RunningSwitch;
  let phones: Softphones;
  const clients: TlibClient[] = [];
  const phone = (dn: string): Phone => phones.phone(dn)!;

  beforeAll(async () => {
    run = await startPair();
    const host = run.plan.phones;
    phones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: 0 }], nameserver: { host: run.plan.dns.host, port: 5300 },
    });
    for (const user of [AGENT, CALLER]) phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport: 'udp' });
    expect(await Promise.all([AGENT, CALLER].map((user) => phone(user).register()))).toEqual([200, 200]);
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) client.close();
    await phones?.close();
    await run?.stop();
  }, 60_000);

  async function client(port: number, applicationName: string): Promise<TlibClient> {
    const addresses = [run.plan.nodes[0]!.host, backupHost(run.plan)].map((host) => ({ host, port }));
    const made = new TlibClient({ addresses, applicationName, keepTrying: true, reconnectDelayMs: 100 });
    clients.push(made);
    await made.connect();
    return made;
  }

  /** The halves, once the backup holds everything. */
  async function primary(): Promise<string> {
    const untilMs = performance.now() + 30_000;
    for (;;) {
      const found = await run.halves();
      if (found !== undefined) return found.primary;
      if (performance.now() > untilMs) throw new Error(`no complete pair: ${JSON.stringify(await run.ask('pair show'))}`);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }

  /** Once its next session has the agent's DN. */
  function registeredAgain(client: TlibClient): Promise<TEvent> {
    return new Promise((resolve, reject) => {
      client.onNewSession(async () => resolve(await client.registerAddress(AGENT)), reject);
    });
  }

  it('stay logged in, and get calls again when their desktops are back', async () => {
    const [desktop, monitor] = [await client(7001, 'desktop'), await client(7003, 'monitor')];
    const heard: TEvent[] = [];
    monitor.on('*', (event) => { if (event['ThisDN'] === AGENT) heard.push(event); });
    const told: string[] = [];
    monitor.on('*', ({ msg, DNSequence }) => told.push(`${msg} #${DNSequence as number} at ${performance.now().toFixed(0)}`));
    await monitor.registerAddress(AGENT);
    await desktop.registerAddress(AGENT);
    await desktop.agentLogin(AGENT, `agent${AGENT}`);
    await desktop.agentReady(AGENT);

    const leads = await primary();
    const [desktopBack, monitorBack] = [desktop, monitor].map(registeredAgain) as [Promise<TEvent>, Promise<TEvent>];
    const startedMs = performance.now();
    await run.kill(`${leads}/cordboard`);
    // Each client has its own pauses between tries: the monitor may be back seconds after the desktop, and later than a whole call.
    const [again, monitored] = await Promise.all([desktopBack.then((event) => {
      console.log(`kill -9 of the primary: the desktop has its agent again after ${(performance.now() - startedMs).toFixed(0)} ms`);
      return event;
    }), monitorBack]);
    expect(again).toMatchObject({ AgentID: `agent${AGENT}`, Extensions: expect.arrayContaining([['AgentStatus', 2]]) });
    expect(monitored).toMatchObject({ AgentID: `agent${AGENT}` });

    const rings = new Promise<Call>((resolve) => { phone(AGENT).events.onCall = resolve; });
    const caller = phone(CALLER).call('5000');
    const called = await Promise.race([rings, caller.until('Ended').then(() => { throw new Error(`the call ended: ${JSON.stringify(caller.end)}`); })]);
    called.answer();
    await caller.until('Established');
    const released = monitor.next('EventReleased', (event) => event['ThisDN'] === AGENT, 20_000);
    caller.hangUp();
    await called.until('Ended');
    await released.catch(async (error: Error) => {
      throw new Error(`${error.message}; the monitor was told ${told.join(', ')}; the pair: ${JSON.stringify(await run.ask('pair show'))}`);
    });

    const names = heard.map(({ msg }) => msg);
    expect(names).not.toContain('EventAgentLogout');
    expect(names).not.toContain('EventDNOutOfService');
    const numbered = heard.filter(({ msg, DNSequence }) => DNSequence !== undefined && msg !== 'EventRegistered' && msg !== 'EventAddressInfo');
    const numbers = numbered.map((event) => event['DNSequence'] as number);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
    const epochs = numbered.map((event) => event['OwnerEpoch'] as number);
    expect(epochs.at(-1)).toBeGreaterThan(epochs[0]!);
    await run.begin(`${leads}/cordboard`);
  }, 90_000);
});
