/** Calls with foreign user agents through every tier (docs/specs/call.md): sipp is carrier and phones. */
import { type RunningSwitch, startSwitch, type SwitchShape } from '../support/running-switch.js';
import { registerPhones, runSipp, type SippRun } from '../support/sipp.js';

const SHAPES: readonly SwitchShape[] = ['one process'];

describe.each(SHAPES)('calls, %s', (shape) => {
  let running: RunningSwitch;
  const phones: SippRun[] = [];

  beforeAll(async () => { running = await startSwitch(shape); }, 60_000);
  afterEach(async () => {
    await Promise.all(phones.splice(0).map((phone) => phone.stop()));
    running.closeClients();
  });
  afterAll(() => running.stop(), 20_000);

  it('lets the longest-idle agent ring', async () => {
    const { plan, proxies } = running;
    const desk = await running.client('TCport', 'desk');
    for (const dn of ['7001', '7002']) {
      const back = desk.next('EventDNBackInService', (event) => event['ThisDN'] === dn);
      await desk.registerAddress(dn);
      const local = `${plan.phones}:${6000 + Number(dn)}`;
      expect(await registerPhones([dn], local, proxies[0]!, plan.accessPoint)).toMatchObject({ status: 0 });
      await back;
      phones.push(runSipp('phone-answers', { local, pauseMs: 100 }));
      await desk.agentLogin(dn, `agent${dn}`);
      await desk.agentReady(dn);
    }
    for (const dn of ['7001', '7002', '7001']) {
      const released = desk.next('EventReleased', (event) => event['ThisDN'] === dn, 20_000);
      const call = await runSipp('carrier-calls', {
        local: `${plan.carrier}:5090`, remote: proxies[0]!, calls: 1, pauseMs: 300, keys: { called: '5000' }, timeoutS: 20,
      }).done;
      expect(call).toMatchObject({ status: 0, successful: 1 });
      await released;
    }
  }, 60_000);
});
