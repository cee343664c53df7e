/** Two proxies of one cluster are one to phones and carriers: any of them serves any registration and any call (PRX-02, 03, 09, 24). */
import { Resolver } from 'node:dns/promises';
import { ForeignAgent, type Heard, OFFER } from '../support/foreign-agent.js';
import { natsSuite } from '../support/nats.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

natsSuite('two proxies', () => {
  let running: RunningSwitch;
  let carrier: ForeignAgent;
  let phone: ForeignAgent;

  beforeAll(async () => {
    running = await startSwitch('processes over NATS');
    carrier = await ForeignAgent.open(running.plan.carrier, 5090);
    phone = await ForeignAgent.open(running.plan.phones);
    const { accessPoint } = running.plan;
    expect(await phone.request(running.proxies[0]!, {
      method: 'REGISTER', uri: `sip:${accessPoint}`, from: `sip:7001@${accessPoint}`,
    }, { user: '7001', password: 'secret-7001' })).toMatchObject({ status: 200 });
    while ((await running.ask('registrations list')).some(({ result }) => result['count'] !== 1));
  }, 120_000);
  afterAll(async () => {
    for (const agent of [carrier, phone]) agent?.close();
    await running.stop();
  }, 60_000);

  interface Ringing {
    readonly rung: Heard;
    readonly answer: Promise<Heard>;
  }
  const ring = async (proxy: string): Promise<Ringing> => {
    const known = phone.heard.length;
    const answer = carrier.request(proxy, { method: 'INVITE', uri: `sip:7001@${proxy}`, from: 'sip:888@carrier.test', body: OFFER });
    const rung = await phone.next((heard) => heard.method === 'INVITE' && phone.heard.indexOf(heard) >= known);
    return { rung, answer };
  };
  /** The phone takes the call; the carrier acknowledges through `proxy`. */
  const talk = async ({ rung, answer }: Ringing, proxy: string): Promise<Heard> => {
    phone.respond(rung.source, rung, '200 OK', OFFER);
    const answered = await answer;
    expect(answered.status).toBe(200);
    carrier.within(proxy, answered, 'ACK');
    return answered;
  };
  /** The carrier hangs up through `proxy`, and the phone hears it. */
  const hangUp = async (answered: Heard, proxy: string): Promise<void> => {
    const known = phone.heard.length;
    const ended = carrier.within(proxy, answered, 'BYE');
    const bye = await phone.next((heard) => heard.method === 'BYE' && phone.heard.indexOf(heard) >= known);
    phone.respond(bye.source, bye, '200 OK');
    expect(await ended).toMatchObject({ status: 200 });
  };

  it('reach what registered at the other one, and end the calls that the other one began', async () => {
    const [first, second] = running.proxies as [string, string];
    const answered = await talk(await ring(second), second);
    await hangUp(answered, first);
  }, 60_000);

  it('let one drain: its calls go on, new ones go by the other, DNS names that one only', async () => {
    const [first, second] = running.proxies as [string, string];
    const talking = await talk(await ring(first), first);
    const ringing = await ring(first);
    const run = running.processes.get('SIPP_dc1_1/sip-proxy')!;
    run.signal('SIGTERM');
    const options = { method: 'OPTIONS', uri: `sip:${first}`, from: 'sip:888@carrier.test' };
    while ((await carrier.request(first, options)).status !== 503);
    expect(await carrier.request(first, {
      method: 'INVITE', uri: `sip:7001@${first}`, from: 'sip:888@carrier.test', body: OFFER,
    })).toMatchObject({ status: 503 });
    await hangUp(talking, first);

    const { dns, accessPoint, proxies } = running.plan;
    const resolver = new Resolver();
    resolver.setServers([`${dns.host}:5300`]);
    let named: readonly string[] = [];
    do named = (await resolver.resolve4(accessPoint)); while (named.includes(proxies[0]!.host));
    expect(named).toEqual([proxies[1]!.host]);

    const answered = await talk(ringing, second);
    expect(await run.exited).toMatchObject({ status: 0 });
    // Its last word has been heard.
    while ((await running.ask('registrations list')).length !== 1);
    await hangUp(answered, second);
    await hangUp(await talk(await ring(second), second), second);
  }, 60_000);
});
