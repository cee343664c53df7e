import { subjects } from '#cluster';
import { makeResponse } from '#sip';
import type { Heartbeat } from '#telephony';
import { type Endpoint, simulatedEndpoint } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, P1, ProxyWorld, type RunningProxy } from './fixtures/proxy-world.fixture.js';

const PAIR = `
  s4: { type: sip-server, server-id: 4, geo-location: dc1, host: 10.0.1.14, ports: { sip: 5060 } }
  s4b: { backup-of: s4, host: 10.0.1.24 }`;

const HOSTS = { s4: '10.0.1.14', s4b: '10.0.1.24' } as const;
type Half = keyof typeof HOSTS;

describe('a proxy before a pair of session controllers (PRX-11)', () => {
  let stand: ProxyWorld;
  let p1: RunningProxy;
  let carrier: Endpoint;
  let asked: string[];

  beforeEach(async () => {
    stand = new ProxyWorld(PAIR);
    p1 = await stand.proxy('p1');
    carrier = await stand.endpoint('carrier', { host: '192.0.2.90', port: 5060 });
    asked = [];
  });
  afterEach(() => stand.world.close());

  const settle = () => stand.settle();
  const invite = () => carrier.send('INVITE', `sip:5000@${ACCESS_POINT}`, P1);

  /** The half that listens; the other one has no socket. */
  async function primary(half: Half, term: number | undefined): Promise<Endpoint> {
    const server = await stand.world.start(half, (ports) => {
      const endpoint = simulatedEndpoint(half, ports, { host: HOSTS[half], port: 5060, viaHost: ACCESS_POINT, contact: `<sip:n4@${ACCESS_POINT}>` });
      endpoint.handler = (received) => {
        asked.push(`${half} ${received.request.method}`);
        if (received.request.method === 'OPTIONS') endpoint.answer(received, 200);
        return received.request.method === 'OPTIONS';
      };
      const beat = (): void => {
        if (term === undefined) return;
        ports.bus.publish(subjects.alive('s4/session-controller'), {
          instance: 's4/session-controller', node: 's4', tier: 'session-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: term, draining: false,
          load: 0, term, continues: term > 1, half,
        } satisfies Heartbeat);
        ports.clock.setTimer(1_000, beat);
      };
      beat();
      return endpoint;
    });
    await settle();
    return server;
  }

  async function established(server: Endpoint) {
    const sent = invite();
    await settle();
    server.answer(server.next('INVITE'), 200);
    await settle();
    const dialog = carrier.dialogOf(sent);
    carrier.ack(dialog, sent, P1);
    await settle();
    return dialog;
  }

  it('sends calls to the half that says it is primary, as soon as it says so', async () => {
    const first = await primary('s4', 1);
    invite();
    await settle();
    first.answer(first.next('INVITE'), 180);
    await settle();
    stand.world.crash('s4');
    await primary('s4b', 2);
    const sent = invite();
    await settle();
    expect(asked.filter((each) => each.endsWith('INVITE'))).toEqual(['s4 INVITE', 's4b INVITE']);
    expect(sent.responses.map(({ status }) => status)).not.toContain(503);
    expect(p1.core.pool.byName('s4')).toMatchObject({ takesNew: true, present: { process: 's4b' } });
  });

  it('moves a call that nobody has answered yet with the role', async () => {
    await primary('s4', 1);
    stand.world.crash('s4');
    const sent = invite();
    await stand.world.advance(1_000);
    const second = await primary('s4b', 2);
    second.answer(second.next('INVITE'), 180);
    await settle();
    expect(sent.responses.map(({ status }) => status).filter((status) => status !== 100)).toEqual([180]);
    await stand.world.advance(5_000);
    expect(asked.filter((each) => each === 's4b INVITE')).toHaveLength(1);
  });

  it('asks a pair that is busy once', async () => {
    const server = await primary('s4', 1);
    const sent = invite();
    await settle();
    server.answer(server.next('INVITE'), 503, [['Retry-After', '5']]);
    await settle();
    expect(asked.filter((each) => each.endsWith('INVITE'))).toEqual(['s4 INVITE']);
    expect(sent.responses.at(-1)).toMatchObject({ status: 503 });
  });

  it('asks the other half of a pair when it has become primary since the first one was busy', async () => {
    const first = await primary('s4', 1);
    const other = await stand.server('s1');
    const sent = invite();
    await settle();
    // Who of the two was first is a matter of turns.
    const begun = first.inbox.some(({ request }) => request.method === 'INVITE') ? first : other;
    const second = begun === first ? other : first;
    begun.answer(begun.next('INVITE'), 503);
    await settle();
    const waits = second.next('INVITE');
    await primary('s4b', 2);
    if (second === other) other.answer(waits, 503);
    await settle();
    expect(asked.filter((each) => each.endsWith('INVITE'))).toEqual(['s4 INVITE', 's4b INVITE']);
    expect(sent.responses.map(({ status }) => status)).not.toContain(503);
  });

  it('passes over a half that speaks of an earlier term', async () => {
    const first = await primary('s4', 5);
    await primary('s4b', 4);
    invite();
    await settle();
    expect(first.next('INVITE')).toBeDefined();
    expect(asked).not.toContain('s4b INVITE');
  });

  it('finds the primary by its answers to OPTIONS when nothing is heard on the bus', async () => {
    await primary('s4b', undefined);
    await stand.world.advance(6_000);
    expect(asked).toContain('s4b OPTIONS');
    invite();
    await settle();
    expect(asked).toContain('s4b INVITE');
  });

  it('sends requests of a dialog to the present primary', async () => {
    const dialog = await established(await primary('s4', 1));
    stand.world.crash('s4');
    const second = await primary('s4b', 2);
    const bye = carrier.inDialog(dialog, 'BYE', P1);
    await settle();
    second.answer(second.next('BYE'), 200);
    await settle();
    expect(bye.responses.map(({ status }) => status)).toEqual([200]);
  });

  it('keeps a BYE and a re-INVITE while the pair has no primary, and gives them to the next one', async () => {
    const dialog = await established(await primary('s4', 1));
    stand.world.crash('s4');
    const bye = carrier.inDialog(dialog, 'BYE', P1);
    const reinvite = carrier.inDialog(dialog, 'INVITE', P1);
    await stand.world.advance(3_500);
    expect([bye, reinvite].flatMap(({ responses }) => responses.map(({ status }) => status)).filter((status) => status !== 100)).toEqual([]);
    // Both go to the new primary as soon as it is known.
    const second = await primary('s4b', 2);
    second.answer(second.next('BYE'), 200);
    second.answer(second.next('INVITE'), 200);
    await settle();
    expect([bye, reinvite].map(({ responses }) => responses.at(-1)?.status)).toEqual([200, 200]);
  });

  it('does not keep them for ever', async () => {
    const dialog = await established(await primary('s4', 1));
    stand.world.crash('s4');
    const bye = carrier.inDialog(dialog, 'BYE', P1);
    await stand.world.advance(28_500);
    expect(bye.responses.map(({ status }) => status)).toEqual([408]);
  });

  it('keeps them also when neither half answers OPTIONS any more, as long as one may take over', async () => {
    const dialog = await established(await primary('s4', 1));
    await stand.world.advance(6_000);
    stand.world.crash('s4');
    await stand.world.advance(12_000);
    expect(p1.core.pool.byName('s4')?.halves.map(({ check }) => check.state)).toEqual(['out-of-service', 'out-of-service']);
    const bye = carrier.inDialog(dialog, 'BYE', P1);
    await settle();
    const second = await primary('s4b', 2);
    second.answer(second.next('BYE'), 200);
    await settle();
    expect(bye.responses.map(({ status }) => status)).toEqual([200]);
    stand.world.crash('s4b');
    await stand.world.advance(45_000);
    const late = carrier.inDialog(dialog, 'BYE', P1);
    await settle();
    expect(late.responses.map(({ status }) => status)).toEqual([481]);
  });

  it('gives a request to both halves in one transaction, so that the second one knows what it took over from the first', async () => {
    const first = await primary('s4', 1);
    const dialog = await established(first);
    invite();
    const bye = carrier.inDialog(dialog, 'BYE', P1);
    await settle();
    const seen = (['INVITE', 'BYE'] as const).map((method) => first.next(method).request.topVia.branch);
    stand.world.crash('s4');
    await stand.world.advance(1_200);
    const second = await primary('s4b', 2);
    expect((['INVITE', 'BYE'] as const).map((method) => second.next(method).request.topVia.branch)).toEqual(seen);
    expect(bye.responses).toEqual([]);
  });

  it('takes the final answer of a call that rang at the half before from the half after it', async () => {
    const first = await primary('s4', 1);
    const sent = invite();
    await settle();
    const received = first.next('INVITE');
    first.answer(received, 180);
    await settle();
    stand.world.crash('s4');
    const second = await primary('s4b', 2);
    await stand.world.advance(5_000);
    second.layer.send(makeResponse(received.request, 200, undefined, { toTag: 'n4.x', headers: [['Contact', second.contact]] }), P1);
    await settle();
    expect(sent.responses.map(({ status }) => status).filter((status) => status !== 100)).toEqual([180, 200]);
  });

  it.each([['after', false], ['just before', true]])('gives a caller who hangs up %s the pair changed halves to the one that has his call now', async (_when, early) => {
    const first = await primary('s4', 1);
    const sent = invite();
    await settle();
    first.answer(first.next('INVITE'), 180);
    await settle();
    stand.world.crash('s4');
    if (early) sent.client.cancel();
    await stand.world.advance(1_000);
    const second = await primary('s4b', 2);
    if (!early) sent.client.cancel();
    await stand.world.advance(1_000);
    expect(asked.filter((each) => each.startsWith('s4b CANCEL'))).toHaveLength(1);
    expect(second.inbox.map(({ request }) => request.method)).not.toContain('INVITE');
  });

  describe('and a REGISTER while it changes halves, with a living controller in another data centre', () => {
    const register = async () => {
      const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
      return phone.send('REGISTER', `sip:${ACCESS_POINT}`, P1, [['To', `<sip:7001@${ACCESS_POINT}>`]]);
    };
    const registers = (endpoint: Endpoint) => endpoint.inbox.filter(({ request }) => request.method === 'REGISTER').length;

    it('waits for the other half: the DN stays where its phone is', async () => {
      const far = await stand.server('s3');
      await primary('s4', 1);
      await stand.world.advance(3_000);
      stand.world.crash('s4');
      await stand.world.advance(10);
      const sent = await register();
      await stand.world.advance(4_000);
      expect(sent.responses.filter(({ status }) => status >= 200)).toEqual([]);
      const second = await primary('s4b', 2);
      await stand.world.advance(1_000);
      expect([registers(second), registers(far)]).toEqual([1, 0]);
    });

    it.each([
      ['when nobody takes over', 10, 19_000],
      ['at once when the pair is gone for long', 25_000, 100],
    ])('goes to the other data centre %s', async (_when, deadMs, withinMs) => {
      await stand.server('s3');
      await primary('s4', 1);
      await stand.world.advance(3_000);
      stand.world.crash('s4');
      await stand.world.advance(deadMs);
      const sent = await register();
      await stand.world.advance(withinMs);
      expect(sent.responses.at(-1)?.status).toBe(200);
    });
  });

  it('lets requests of both halves in as those of a session controller', async () => {
    const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
    await stand.server('s1');
    phone.send('REGISTER', `sip:${ACCESS_POINT}`, P1, [['To', `<sip:7001@${ACCESS_POINT}>`]]);
    await settle();
    const second = await primary('s4b', 2);
    second.send('INVITE', `sip:7001@${ACCESS_POINT}`, P1);
    await settle();
    expect(phone.next('INVITE')).toBeDefined();
  });
});
