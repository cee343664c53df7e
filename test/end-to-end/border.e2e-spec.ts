/** Carrier and phones behind a foreign proxy that stays in every dialog: Path, Record-Route and Via of others (PRX-17). */
import { type Kamailio, startKamailio } from '../support/kamailio.js';
import { peerSuite } from '../support/peers.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';
import { registerPhones, runSipp, type SippResult } from '../support/sipp.js';

const WENT_WELL = { status: 0, successful: 1, failed: 0 };

peerSuite('behind a border controller', ['kamailio', 'sipp'], () => {
  let running: RunningSwitch;
  let border: Kamailio | undefined;

  const edge = (): string => `${running.plan.carrier}:5090`;
  const phone = (): string => `${running.plan.phones}:6001`;
  /** Who is called by that carrier scenario, and how phone and carrier fared. */
  const call = (carrierDoes: string, phoneDoes: string): Promise<readonly SippResult[]> => {
    const rung = runSipp(phoneDoes, { local: phone(), calls: 1, pauseMs: 100, timeoutS: 30 });
    const calling = runSipp(carrierDoes, {
      local: `${running.plan.block}.91:5090`, remote: edge(), calls: 1, pauseMs: 100, keys: { called: '7001' }, timeoutS: 30,
    });
    return Promise.all([calling.done, rung.done]);
  };

  beforeAll(async () => {
    running = await startSwitch('one process');
    border = await startKamailio(edge(), running.plan.proxies[0]!.host);
  }, 60_000);
  afterAll(async () => {
    await border?.stop();
    await running.stop();
  }, 30_000);

  it('registers a phone with a Path', async () => {
    expect(await registerPhones(['7001'], phone(), edge(), running.plan.proxies[0]!.host)).toMatchObject(WENT_WELL);
    const [answer] = await running.ask('registrations show', { aor: '7001' });
    expect(answer!.result['bindings']).toMatchObject([{ contact: `sip:7001@${phone()}`, path: [`<sip:${edge()};lr>`] }]);
  }, 60_000);

  it.each([
    ['the carrier hangs up', 'carrier-calls', 'phone-answers'], ['the phone hangs up', 'carrier-waits', 'phone-hangs-up'],
    ['the carrier gives up', 'carrier-gives-up', 'phone-rings'],
  ])('carries a call that ends when %s', async (_, carrierDoes, phoneDoes) => {
    expect(await call(carrierDoes, phoneDoes)).toMatchObject([WENT_WELL, WENT_WELL]);
  }, 60_000);
});
