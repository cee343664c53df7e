/** Two softphones with nothing but the cluster's name and DNS server: one over UDP, one over TCP, with sound. */
import type { TlibClient } from '#tlib/client';
import { Baresip } from '../support/baresip.js';
import { type Bridge, makeBridge } from '../support/bridge.js';
import { peerSuite } from '../support/peers.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';
import { shareOfTone } from '../support/tone.js';

const TONES = { 7001: 400, 7002: 800 } as const;
/** How much of what is heard is the other one's tone: the rest is silence filled in at the start, and G.711. */
const MOSTLY = 0.8;
const SOON_MS = 1_000;

peerSuite('softphones', ['baresip', 'bridge'], () => {
  let running: RunningSwitch;
  let bridge: Bridge;
  let desk: TlibClient;
  const phones: Baresip[] = [];

  beforeAll(async () => {
    bridge = makeBridge();
    running = await startSwitch('one process');
    desk = await running.client('TCport', 'desk');
    for (const [index, dn] of (['7001', '7002'] as const).entries()) {
      phones.push(await Baresip.start({
        device: bridge.device, local: `${bridge.address}:${15_060 + 10 * index}`, rtpPort: 20_000 + 100 * index,
        dns: `${running.plan.dns.host}:5300`, control: `${running.plan.phones}:${14_440 + index}`, toneHz: TONES[dn],
      }));
    }
  }, 60_000);
  afterAll(async () => {
    await Promise.all(phones.map((phone) => phone.close()));
    await running.stop();
  }, 30_000);
  afterAll(() => bridge.remove());

  const account = (dn: string, transport: string, host = running.plan.accessPoint, password = `secret-${dn}`): string =>
    `<sip:${dn}@${host};transport=${transport}>;auth_user=${dn};auth_pass=${password};regint=60;answermode=auto`;
  const bindings = async (dn: string): Promise<readonly Record<string, unknown>[]> =>
    (await running.ask('registrations show', { aor: dn }))[0]!.result['bindings'] as Record<string, unknown>[];
  const of = (name: string, dn: string) => desk.next(name, (event) => event['ThisDN'] === dn, 20_000);

  it('are refused with a wrong password', async () => {
    phones[0]!.command('uanew', account('7003', 'udp', undefined, 'wrong'));
    expect(await phones[0]!.next('REGISTER_FAIL')).toMatchObject({ param: '401 Unauthorized' });
    expect(await bindings('7003')).toEqual([]);
    phones[0]!.command('uadel', `sip:7003@${running.plan.accessPoint}`);
  }, 60_000);

  it.each([['7001', 'udp', 0], ['7002', 'tcp', 1]] as const)('register by the SRV name: %s over %s', async (dn, transport, index) => {
    await desk.registerAddress(dn);
    const backAtMs = of('EventDNBackInService', dn).then(() => performance.now());
    phones[index]!.command('uanew', account(dn, transport));
    const registered = await phones[index]!.next('REGISTER_OK');
    expect(await backAtMs - registered.atMs).toBeLessThan(SOON_MS);
    expect(await bindings(dn)).toMatchObject([{ flow: expect.stringMatching(`^${transport}:`) as string }]);
  }, 60_000);

  // The number is that of the call, and of the phone that ends it.
  it.each([['the caller', 0], ['the called one', 1]] as const)('talk to each other until %s hangs up', async (_, who) => {
    const [first, second] = phones as [Baresip, Baresip];
    const events = [of('EventEstablished', '7001'), of('EventEstablished', '7002')];
    first.command('dial', `sip:7002@${running.plan.accessPoint}`);
    await Promise.all([first.next('CALL_ESTABLISHED'), second.next('CALL_ESTABLISHED'), ...events]);
    await Promise.all([first.hears(who, 1_000), second.hears(who, 1_000)]);
    const ends = [of('EventReleased', '7001'), of('EventReleased', '7002')];
    phones[who]!.command('hangup');
    await Promise.all([first.next('CALL_CLOSED'), second.next('CALL_CLOSED'), ...ends]);
    expect(shareOfTone(first.recordings[who]!, TONES[7002])).toBeGreaterThan(MOSTLY);
    expect(shareOfTone(second.recordings[who]!, TONES[7001])).toBeGreaterThan(MOSTLY);
  }, 90_000);

  it('register by the address name too', async () => {
    phones[0]!.command('uanew', account('7004', 'udp', 'phones.cordboard.test:5060'));
    await phones[0]!.next('REGISTER_OK', ({ accountaor }) => accountaor?.includes('7004') === true);
    expect(await bindings('7004')).toHaveLength(1);
  }, 60_000);

  it('are out of service when they leave', async () => {
    const out = [of('EventDNOutOfService', '7001'), of('EventDNOutOfService', '7002')];
    await Promise.all(phones.map((phone) => phone.close()));
    await Promise.all(out);
    expect([...await bindings('7001'), ...await bindings('7002')]).toEqual([]);
  }, 60_000);
});
