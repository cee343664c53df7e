/** Softphones that know nothing but the cluster's name and DNS server, over UDP and TCP, with sound; dialling and under a desktop's control. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TlibClient } from '#tlib/client';
import { TEST_CERT, TEST_KEY } from '../../../libs/sip/src/transport/tls.fixture.js';
import { Baresip } from '../../support/baresip.js';
import { type Bridge, makeBridge } from '../../support/bridge.js';
import { type RunningSwitch, startSwitch, type SwitchShape } from '../../support/running-switch.js';
import { shareOfTone } from '../../support/tone.js';

const TONES = { 7001: 400, 7002: 800, 7003: 1_200 } as const;
type Dn = keyof typeof TONES;
/** How much of what is heard is the other one's tone: the rest is silence filled in at the start, and G.711. */
const MOSTLY = 0.8;
const SOON_MS = 1_000;
const SOUND_MS = 500;

export function softphones(shape: SwitchShape): void {
  let running: RunningSwitch;
  let bridge: Bridge;
  let pem: string;
  let desk: TlibClient;
  const phones: Baresip[] = [];

  beforeAll(async () => {
    bridge = makeBridge();
    pem = mkdtempSync(`${tmpdir()}/cordboard-pem-`);
    const tls = { certificate: `${pem}/cert.pem`, key: `${pem}/key.pem` };
    writeFileSync(tls.certificate, TEST_CERT);
    writeFileSync(tls.key, TEST_KEY);
    running = await startSwitch(shape, { tls });
    desk = await running.client('TCport', 'desk');
    for (const [index, dn] of ([7001, 7002, 7003] as const).entries()) {
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
  afterAll(() => {
    bridge.remove();
    rmSync(pem, { recursive: true, force: true });
  });

  const account = (dn: string, transport: string, host = running.plan.accessPoint, password = `secret-${dn}`): string =>
    `<sip:${dn}@${host};transport=${transport}>;auth_user=${dn};auth_pass=${password};regint=60;answermode=auto`;
  const bindings = (dn: string) => running.bindings(dn);
  const of = (name: string, dn: string) => desk.next(name, (event) => event['ThisDN'] === dn, 20_000);

  const phone = (dn: Dn): Baresip => phones[dn - 7001]!;

  /** The phone's next call stands, for itself and for the desktop. */
  const established = (...dns: Dn[]): Promise<unknown> =>
    Promise.all(dns.flatMap((dn): Promise<unknown>[] => [phone(dn).next('CALL_ESTABLISHED'), of('EventEstablished', String(dn))]));
  const over = (...dns: Dn[]): Promise<unknown> =>
    Promise.all(dns.flatMap((dn): Promise<unknown>[] => [phone(dn).next('CALL_CLOSED'), of('EventReleased', String(dn))]));
  /** Both hear each other, for a second from now on. */
  const talk = async (one: Dn, other: Dn): Promise<void> => {
    await Promise.all([phone(one).hears(2 * SOUND_MS), phone(other).hears(2 * SOUND_MS)]);
    for (const [listener, speaker] of [[one, other], [other, one]] as const) {
      expect(shareOfTone(phone(listener).lastRecording, TONES[speaker], SOUND_MS)).toBeGreaterThan(MOSTLY);
    }
  };

  it('are refused with a wrong password', async () => {
    phones[0]!.command('uanew', account('7005', 'udp', undefined, 'wrong'));
    expect(await phones[0]!.next('REGISTER_FAIL')).toMatchObject({ param: '401 Unauthorized' });
    expect(await bindings('7005')).toEqual([]);
    phones[0]!.command('uadel', `sip:7005@${running.plan.accessPoint}`);
  }, 60_000);

  it.each([['7001', 'udp', 0], ['7002', 'tcp', 1], ['7003', 'udp', 2]] as const)('register by the SRV name: %s over %s', async (dn, transport, index) => {
    await desk.registerAddress(dn);
    const backAtMs = of('EventDNBackInService', dn).then(() => performance.now());
    phones[index]!.command('uanew', account(dn, transport));
    const registered = await phones[index]!.next('REGISTER_OK');
    expect(await backAtMs - registered.atMs).toBeLessThan(SOON_MS);
    expect(await bindings(dn)).toMatchObject([{ flow: expect.stringMatching(`^${transport}:`) as string }]);
  }, 60_000);

  it.each([['the caller', 7001], ['the called one', 7002]] as const)('talk to each other until %s hangs up', async (_, who) => {
    const begun = established(7001, 7002);
    phone(7001).command('dial', `sip:7002@${running.plan.accessPoint}`);
    await begun;
    await talk(7001, 7002);
    const ended = over(7001, 7002);
    phone(who).command('hangup');
    await ended;
  }, 90_000);

  it('talk when a desktop dials for them, hold and retrieve by themselves and on request', async () => {
    const begun = established(7001, 7002);
    const { ConnID } = await desk.makeCall('7001', '7002');
    await begun;
    await talk(7001, 7002);
    for (const [command, event] of [['hold', 'EventHeld'], ['resume', 'EventRetrieved']] as const) {
      const told = of(event, '7001');
      phone(7001).command(command);
      expect(await told).not.toHaveProperty('ReferenceID');
    }
    expect(await desk.holdCall('7001', ConnID as string)).toMatchObject({ msg: 'EventHeld', ThisDN: '7001' });
    expect(await desk.retrieveCall('7001', ConnID as string)).toMatchObject({ msg: 'EventRetrieved', ThisDN: '7001' });
    const ended = over(7001, 7002);
    phone(7001).command('hangup');
    await ended;
  }, 90_000);

  it('go on with the one whom a desktop transfers them to', async () => {
    const begun = established(7001, 7002);
    const { ConnID } = await desk.makeCall('7001', '7002');
    await begun;
    await talk(7001, 7002);
    const [left, joined] = [over(7001), established(7003)];
    await desk.request('RequestSingleStepTransfer', { ThisDN: '7001', ConnID: ConnID as string, OtherDN: '7003' });
    await Promise.all([left, joined]);
    await talk(7002, 7003);
    const ended = over(7002, 7003);
    phone(7002).command('hangup');
    await ended;
  }, 90_000);

  it('register over TLS, and are called over that connection', async () => {
    const { accessPoint } = running.plan;
    phone(7003).command('uanew', account('7006', 'tls'));
    await phone(7003).next('REGISTER_OK', ({ accountaor }) => accountaor?.includes('7006') === true);
    expect(await bindings('7006')).toMatchObject([{ flow: expect.stringMatching(/^tls:/) as string }]);
    const begun = Promise.all([phone(7001).next('CALL_ESTABLISHED'), phone(7003).next('CALL_ESTABLISHED')]);
    phone(7001).command('dial', `sip:7006@${accessPoint}`);
    await begun;
    await talk(7001, 7003);
    const ended = Promise.all([phone(7001).next('CALL_CLOSED'), phone(7003).next('CALL_CLOSED')]);
    phone(7001).command('hangup');
    await ended;
  }, 90_000);

  it('register by the address name too', async () => {
    phones[0]!.command('uanew', account('7004', 'udp', 'phones.cordboard.test:5060'));
    await phones[0]!.next('REGISTER_OK', ({ accountaor }) => accountaor?.includes('7004') === true);
    expect(await bindings('7004')).toHaveLength(1);
  }, 60_000);

  it('are out of service when they leave, or their connection is cut', async () => {
    const out = [of('EventDNOutOfService', '7001'), of('EventDNOutOfService', '7002').then(() => performance.now())] as const;
    phone(7002).kill();
    const killedAtMs = performance.now();
    await phone(7001).close();
    await out[0];
    expect(await out[1] - killedAtMs).toBeLessThan(SOON_MS);
    expect([...await bindings('7001'), ...await bindings('7002')]).toEqual([]);
  }, 60_000);

  it('that know an address and no name server talk as well', async () => {
    const { host } = running.plan.proxies[0]!;
    const strangers = await Promise.all([3, 4].map((index) => Baresip.start({
      device: bridge.device, local: `${bridge.address}:${15_060 + 10 * index}`, rtpPort: 20_000 + 100 * index,
      dns: `${running.plan.phones}:9`, control: `${running.plan.phones}:${14_440 + index}`, toneHz: 400,
    })));
    phones.push(...strangers);
    const [caller, called] = strangers as [Baresip, Baresip];
    for (const [stranger, dn] of [[caller, '7008'], [called, '7009']] as const) {
      await desk.registerAddress(dn);
      stranger.command('uanew', account(dn, 'udp', host));
      await stranger.next('REGISTER_OK');
      expect(await bindings(dn)).toHaveLength(1);
    }
    for (const who of [caller, called]) {
      const begun = Promise.all([caller.next('CALL_ESTABLISHED'), called.next('CALL_ESTABLISHED'), of('EventEstablished', '7009')]);
      caller.command('dial', `sip:7009@${host}`);
      await begun;
      const ended = Promise.all([caller.next('CALL_CLOSED'), called.next('CALL_CLOSED'), of('EventReleased', '7009')]);
      who.command('hangup');
      await ended;
    }
  }, 90_000);
}
