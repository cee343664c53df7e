/** What the edge refuses, hides and lets pass, seen by phones, carriers and strangers (docs/specs/sip-proxy.md, "Order of decisions"). */
import { ForeignAgent, type Heard, OFFER, type RequestWish } from '../support/foreign-agent.js';
import { peerSuite } from '../support/peers.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';
import { registerPhones, runSipp } from '../support/sipp.js';

describe('the edge', () => {
  let running: RunningSwitch;
  let [carrier, stranger, phone]: ForeignAgent[] = [];

  const proxy = (): string => running.proxies[0]!;
  const from = (agent: ForeignAgent, wish: Partial<RequestWish> & { readonly uri: string }): Promise<Heard> =>
    agent.request(proxy(), { method: 'INVITE', from: `sip:888@${agent.address}:${agent.port}`, body: OFFER, ...wish });
  const register = async (): Promise<void> => {
    const { accessPoint } = running.plan;
    expect(await phone!.request(proxy(), {
      method: 'REGISTER', uri: `sip:${accessPoint}`, from: `sip:7001@${accessPoint}`,
    }, { user: '7001', password: 'secret-7001' })).toMatchObject({ status: 200 });
  };
  /** The carrier's call to 7001 as the phone hears it, and the promise of its answer. */
  const ring = async (): Promise<{ readonly rung: Heard; readonly answer: Promise<Heard> }> => {
    const known = phone!.heard.length;
    const answer = from(carrier!, { uri: `sip:7001@${proxy()}` });
    const rung = await phone!.next((heard) => heard.method === 'INVITE' && phone!.heard.indexOf(heard) >= known);
    return { rung, answer };
  };

  const options = (): Promise<Heard> => from(stranger!, { method: 'OPTIONS', uri: `sip:${proxy()}`, body: '' });

  beforeAll(async () => {
    running = await startSwitch('one process');
    const { plan } = running;
    carrier = await ForeignAgent.open(plan.carrier, 5090);
    [stranger, phone] = await Promise.all([ForeignAgent.open(`${plan.block}.95`), ForeignAgent.open(plan.phones)]);
  }, 60_000);
  afterAll(async () => {
    for (const agent of [carrier, stranger, phone]) agent?.close();
    await running.stop();
  }, 30_000);

  it('refuses what leads nowhere, with the status that says why', async () => {
    expect(await from(carrier!, { uri: `sip:4321@${proxy()}` })).toMatchObject({ status: 404 });
    expect(await from(carrier!, { uri: `sip:${proxy()}` })).toMatchObject({ status: 484 });
    expect(await from(carrier!, { uri: `sip:5001@${proxy()}`, maxForwards: 0 })).toMatchObject({ status: 483 });
    expect(await from(stranger!, { uri: `sip:5001@${proxy()}` })).toMatchObject({ status: 503 });
  }, 60_000);

  it('does not answer scanners', async () => {
    const { port, address } = stranger!;
    stranger!.send(proxy(), [
      `OPTIONS sip:${proxy()} SIP/2.0`, `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bKscan`, 'From: <sip:scan@x>;tag=1', 'To: <sip:scan@x>',
      'Call-ID: scan', 'CSeq: 1 OPTIONS', 'Max-Forwards: 70', 'User-Agent: friendly-scanner', 'Content-Length: 0', '', '',
    ].join('\r\n'));
    expect(await options()).toMatchObject({ status: 200 });
    expect(stranger!.heard.filter(({ text }) => text.includes('z9hG4bKscan'))).toEqual([]);
  }, 60_000);

  it('shows its own name and no address of a server', async () => {
    await register();
    const { rung, answer } = await ring();
    phone!.respond(proxy(), rung, '200 OK', OFFER);
    const answered = await answer;
    expect(answered.status).toBe(200);
    carrier!.within(proxy(), answered, 'ACK');
    expect(await carrier!.within(proxy(), answered, 'BYE')).toMatchObject({ status: 200 });
    const { accessPoint, nodes, proxies } = running.plan;
    expect(rung.text).toMatch(new RegExp(`\r\nContact: <sip:n1@${accessPoint}>\r\n`));
    expect(rung.text).toMatch(new RegExp(`\r\nRecord-Route: <sip:[^@]*@${accessPoint};lr>\r\n`));
    for (const { host } of [...nodes, ...proxies]) expect(rung.text).not.toContain(host);
    for (const { host } of nodes) expect(answered.text).not.toContain(host);
  }, 60_000);

  // The last one: it ends the switch.
  it('refuses new calls while it drains, and lets requests within calls pass', async () => {
    await register();
    const { rung, answer } = await ring();
    phone!.respond(proxy(), rung, '200 OK', OFFER);
    const answered = await answer;
    carrier!.within(proxy(), answered, 'ACK');
    await phone!.next(({ method }) => method === 'ACK');

    const run = running.processes.get('cordboard')!;
    run.signal('SIGTERM');
    while ((await options()).status !== 503);
    const refused = await from(carrier!, { uri: `sip:5001@${proxy()}` });
    expect(refused.status).toBe(503);
    expect(refused.text).toMatch(/\r\nRetry-After: \d+\r\n/);
    const ended = carrier!.within(proxy(), answered, 'BYE');
    const bye = await phone!.next(({ method }) => method === 'BYE');
    phone!.respond(proxy(), bye, '200 OK');
    expect(await ended).toMatchObject({ status: 200 });
    expect(await run.exited).toMatchObject({ status: 0 });
  }, 60_000);
});

peerSuite('the edge and plain user agents', ['sipp'], () => {
  let running: RunningSwitch;

  beforeAll(async () => { running = await startSwitch('one process'); }, 60_000);
  afterAll(() => running.stop(), 30_000);

  it('finds the call of a carrier that ignores Record-Route and Contact: sipp as it comes', async () => {
    const { plan, proxies } = running;
    const local = `${plan.phones}:6001`;
    expect(await registerPhones(['7001'], local, proxies[0]!, plan.accessPoint)).toMatchObject({ status: 0 });
    const phone = runSipp('uas', { local, calls: 3, timeoutS: 30 });
    const carrier = runSipp('uac', { local: `${plan.carrier}:5090`, remote: proxies[0]!, calls: 3, pauseMs: 50, keys: { called: '7001' }, timeoutS: 30 });
    expect(await Promise.all([carrier.done, phone.done])).toMatchObject([
      { status: 0, successful: 3, failed: 0 }, { status: 0, successful: 3, failed: 0 },
    ]);
  }, 60_000);
});
