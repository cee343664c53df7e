import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';
import type { TlibClient } from '#tlib/client';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

/** The phone's next call. */
const nextCall = (phone: Phone): Promise<Call> => new Promise((resolve) => { phone.events.onCall = resolve; });

describe('phones of our own at a running switch', () => {
  let run: RunningSwitch;
  let phones: Softphones;
  let desktop: TlibClient;
  const phone = (dn: string): Phone => phones.phone(dn)!;

  beforeAll(async () => {
    run = await startSwitch('one process');
    const host = run.plan.phones;
    phones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: 0 }, { transport: 'tcp', host, port: 0 }], nameserver: { host: run.plan.dns.host, port: 5300 },
    });
    for (const [user, transport] of [['7001', 'udp'], ['7002', 'tcp']] as const) {
      phones.add({ user, domain: run.plan.accessPoint, password: `secret-${user}`, transport });
    }
    desktop = await run.client('TCport', 'desktop');
    for (const dn of ['7001', '7002']) await desktop.registerAddress(dn);
  }, 30_000);
  afterAll(async () => {
    await phones.close();
    await run.stop();
  });

  it('register by the SRV name over UDP and TCP; a wrong password is refused', async () => {
    expect(await Promise.all([phone('7001').register(), phone('7002').register()])).toEqual([200, 200]);
    const impostor = phones.add({ user: '7003', domain: run.plan.accessPoint, password: 'wrong' });
    expect(await impostor.register()).not.toBe(200);
    expect(impostor.registration).toBe('Refused');
  });

  it('obey the desktop: answered, held and retrieved by NOTIFY, ended by BYE', async () => {
    const ringing = desktop.next('EventRinging', ({ ThisDN }) => ThisDN === '7002');
    const arrives = nextCall(phone('7002'));
    const caller = phone('7001').call('7002');
    const [called, { ConnID }] = await Promise.all([arrives, ringing]);
    await desktop.answerCall('7002', ConnID as string);
    await Promise.all([called.until('Established'), caller.until('Established')]);
    await desktop.holdCall('7002', ConnID as string);
    expect(called.onHold).toBe(true);
    await desktop.retrieveCall('7002', ConnID as string);
    expect(called.onHold).toBe(false);
    await desktop.releaseCall('7002', ConnID as string);
    await Promise.all([caller.until('Ended'), called.until('Ended')]);
    expect([caller.end, called.end]).toEqual([{ by: 'them', status: 200 }, { by: 'them', status: 200 }]);
  }, 30_000);

  it('hold and retrieve by themselves, and the desktop sees it', async () => {
    const arrives = nextCall(phone('7001'));
    const caller = phone('7002').call('7001');
    const called = await arrives;
    called.answer();
    await caller.until('Established');
    const held = desktop.next('EventHeld', ({ ThisDN }) => ThisDN === '7002');
    caller.hold();
    await held;
    const retrieved = desktop.next('EventRetrieved', ({ ThisDN }) => ThisDN === '7002');
    caller.retrieve();
    await retrieved;
    caller.hangUp();
    await called.until('Ended');
    expect(called.end).toEqual({ by: 'them', status: 200 });
  }, 30_000);

  it('leave', async () => {
    const gone = desktop.next('EventDNOutOfService', ({ ThisDN }) => ThisDN === '7001');
    expect(await phone('7001').unregister()).toBe(200);
    await gone;
    expect(phones.size.calls).toBe(0);
  });
});
