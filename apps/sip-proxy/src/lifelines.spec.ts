import { subjects } from '#cluster';
import type { Heartbeat } from '#telephony';
import { type Endpoint, simulatedEndpoint } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, P1, ProxyWorld, type RunningProxy } from './fixtures/proxy-world.fixture.js';

const PAIR = `
  s4: { type: sip-server, server-id: 4, geo-location: dc1, host: 10.0.1.14, ports: { sip: 5060 } }
  s4b: { backup-of: s4, host: 10.0.1.24 }`;
const HOSTS = { s4: '10.0.1.14', s4b: '10.0.1.24' } as const;
/** A few hops, and no retransmission. */
const AT_ONCE_MS = 20;

describe('a proxy whose lifelines tell that a session controller died', () => {
  let stand: ProxyWorld;
  let p1: RunningProxy;
  let carrier: Endpoint;

  beforeEach(async () => {
    stand = new ProxyWorld(PAIR);
    p1 = await stand.proxy('p1');
    carrier = await stand.endpoint('carrier', { host: '192.0.2.90', port: 5060 });
  });
  afterEach(() => stand.world.close());

  const invite = () => carrier.send('INVITE', `sip:5000@${ACCESS_POINT}`, P1);
  const atOnce = () => stand.world.advance(AT_ONCE_MS);
  const inboxOf = (server: Endpoint, method = 'INVITE') => server.inbox.filter(({ request }) => request.method === method).length;
  const of = (name: string) => {
    const server = p1.core.pool.byName(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  };
  /** Long enough for lifelines that stand. */
  const stood = () => stand.world.advance(6_000);

  const beatOf = (half: keyof typeof HOSTS, term: number): Heartbeat => ({
    instance: 's4/session-controller', node: 's4', tier: 'session-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: term, draining: false,
    load: 0, term, continues: term > 1, half,
  });

  /** The half of the pair that is primary: it alone listens. */
  async function primary(half: keyof typeof HOSTS, term: number): Promise<Endpoint> {
    const server = await stand.world.start(`${half} ${term}`, (ports) => {
      const endpoint = simulatedEndpoint(half, ports, { host: HOSTS[half], port: 5060, viaHost: ACCESS_POINT, contact: `<sip:n4@${ACCESS_POINT}>` });
      endpoint.handler = (received) => {
        if (received.request.method === 'OPTIONS') endpoint.answer(received, 200);
        return received.request.method === 'OPTIONS';
      };
      const beat = (): void => {
        ports.bus.publish(subjects.alive('s4/session-controller'), beatOf(half, term));
        ports.clock.setTimer(1_000, beat);
      };
      beat();
      return endpoint;
    });
    await stand.settle();
    return server;
  }

  it.each([['stood for long', 6_000], ['has just been opened', 0]])('sends new calls elsewhere as soon as one dies whose lifeline %s', async (_what, forMs) => {
    await stand.server('s1');
    const far = await stand.server('s3');
    await stand.world.advance(forMs);
    stand.world.crash('s1');
    await stand.world.advance(2);
    const sent = [invite(), invite(), invite()];
    await atOnce();
    expect(inboxOf(far)).toBe(3);
    far.answer(far.next('INVITE'), 180);
    await atOnce();
    expect(sent.some(({ responses }) => responses.some(({ status }) => status === 180))).toBe(true);
    expect(of('s1')).toMatchObject({ check: { cut: true }, present: { lifeline: { state: 'Waiting' } } });
  });

  it('sends a REGISTER elsewhere, too', async () => {
    await stand.server('s1');
    await stand.server('s3');
    await stood();
    stand.world.crash('s1');
    await stand.world.advance(2);
    const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
    const sent = phone.send('REGISTER', `sip:${ACCESS_POINT}`, P1, [['To', `<sip:7001@${ACCESS_POINT}>`]]);
    await atOnce();
    expect(sent.responses.at(-1)?.status).toBe(200);
  });

  it.each([['a REGISTER waits for it longer', 3_000, []], ['it goes elsewhere in the end', 9_000, [200]]])('asks one that lives and does not answer: %s', async (_what, forMs, answers) => {
    const busy = await stand.server('s1');
    await stand.server('s3');
    await stood();
    busy.handler = () => true;
    const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
    const sent = phone.send('REGISTER', `sip:${ACCESS_POINT}`, P1, [['To', `<sip:7001@${ACCESS_POINT}>`]]);
    await stand.world.advance(forMs);
    expect(sent.responses.map(({ status }) => status)).toEqual(answers);
  });

  it('moves an INVITE that waits there without an answer on at once, and leaves one that rings', async () => {
    const first = await stand.server('s1');
    const far = await stand.server('s3');
    await stood();
    const rings = invite();
    await atOnce();
    first.answer(first.next('INVITE'), 180);
    await atOnce();
    const waits = invite();
    await atOnce();
    expect(inboxOf(first)).toBe(1);
    stand.world.crash('s1');
    await atOnce();
    expect(far.inbox.map(({ request }) => request.callId)).toEqual([waits.request.callId]);
    expect(rings.responses.map(({ status }) => status).filter((status) => status !== 100)).toEqual([180]);
  });

  it('lets it wait for the dead when nobody else is there, and gives up after the usual time', async () => {
    await stand.server('s1');
    await stood();
    stand.world.crash('s1');
    await stand.world.advance(2);
    const sent = invite();
    await atOnce();
    expect(sent.responses.filter(({ status }) => status >= 200)).toEqual([]);
    await stand.world.advance(2_000);
    expect(sent.responses.at(-1)?.status).toBe(503);
  });

  it('goes on with a server that closed its lifeline and answers OPTIONS', async () => {
    const alive = await stand.server('s1');
    await stand.server('s3');
    await stood();
    // It listens no more for connections, and serves by UDP.
    stand.world.sip.hangUp('tcp:10.0.1.11:5060', false);
    await atOnce();
    expect(of('s1').check).toMatchObject({ state: 'in-service', cut: false, doubted: false });
    invite();
    await atOnce();
    expect(inboxOf(alive)).toBe(1);
  });

  it('does not send elsewhere what waits at a server that lets the lifeline in again', async () => {
    const alive = await stand.server('s1');
    const far = await stand.server('s3');
    await stood();
    invite();
    await atOnce();
    stand.world.sip.hangUp('tcp:10.0.1.11:5060', true);
    await atOnce();
    expect([inboxOf(alive), inboxOf(far)]).toEqual([1, 0]);
    expect(of('s1').present.lifeline.state).toBe('Up');
  });

  it('knows a server without TCP by its answers to OPTIONS alone', async () => {
    const server = await stand.world.start('s1', (ports) => {
      const endpoint = simulatedEndpoint('s1', ports, { host: '10.0.1.11', port: 5060 }, ['udp']);
      endpoint.handler = (received) => {
        if (received.request.method === 'OPTIONS') endpoint.answer(received, 200);
        return received.request.method === 'OPTIONS';
      };
      return endpoint;
    });
    await stand.world.advance(60_000);
    expect(of('s1')).toMatchObject({ check: { state: 'in-service', doubted: false }, present: { lifeline: { state: 'Waiting' } } });
    invite();
    await atOnce();
    expect(inboxOf(server)).toBe(1);
  });

  it('is not alarmed by a server that drains and then ends', async () => {
    const first = await stand.server('s1');
    const far = await stand.server('s3');
    first.handler = (received) => {
      first.answer(received, 503);
      return true;
    };
    await stood();
    expect(of('s1').takesNew).toBe(false);
    stand.world.crash('s1');
    const sent = invite();
    await atOnce();
    expect(inboxOf(far)).toBe(1);
    await stand.world.advance(12_000);
    expect(of('s1').check.state).toBe('out-of-service');
    expect(sent.responses.filter(({ status }) => status >= 200)).toEqual([]);
  });

  it('uses a server again at its first answer after it came back', async () => {
    await stand.server('s1');
    await stand.server('s3');
    await stood();
    stand.world.crash('s1');
    await stand.world.advance(12_000);
    expect(of('s1').takesNew).toBe(false);
    await stand.world.restart('s1');
    await stand.world.until(() => of('s1').present.lifeline.state === 'Up', 6_000);
    await atOnce();
    expect(of('s1')).toMatchObject({ takesNew: true, check: { doubted: false, cut: false } });
  });

  it('dials at most once in 5 s where nobody listens, and tells how often it lost one', async () => {
    await stand.server('s1');
    await stood();
    stand.world.crash('s1');
    await atOnce();
    const { meter } = p1;
    const before = meter.count('proxy_lifelines_dialled_total');
    expect([meter.count('proxy_lifelines_lost_total'), meter.value('proxy_lifelines')]).toEqual([1, 0]);
    await stand.world.advance(60_000);
    // s1, s2, s3 and the two halves of s4, all of them dead.
    expect(meter.count('proxy_lifelines_dialled_total') - before).toBeLessThanOrEqual(5 * (60 / 5 + 6));
    expect(meter.count('proxy_lifelines_lost_total')).toBe(1);
  });

  it('leaves no lifeline to a destination that is taken out', async () => {
    await stand.server('s1');
    await stood();
    const { lifeline } = of('s1').present;
    p1.core.removeServer('s1');
    stand.world.crash('s1');
    await stand.world.advance(10_000);
    expect(lifeline.state).toBe('Idle');
  });

  describe('of a pair', () => {
    it('sends new calls to another data centre until the other half takes over, and then to that at once', async () => {
      await primary('s4', 1);
      const far = await stand.server('s3');
      await stood();
      stand.world.crash('s4 1');
      await stand.world.advance(2);
      invite();
      await atOnce();
      expect(inboxOf(far)).toBe(1);
      await stand.world.advance(1_200);
      const second = await primary('s4b', 2);
      await atOnce();
      expect(of('s4')).toMatchObject({ takesNew: true, check: { state: 'in-service' }, present: { process: 's4b', lifeline: { state: 'Up' } } });
      invite();
      await atOnce();
      expect([inboxOf(far), inboxOf(second)]).toEqual([1, 1]);
    });

    it('withdraws a call that went to another one meanwhile, from the half that took it over, too', async () => {
      const first = await primary('s4', 1);
      const far = await stand.server('s3');
      await stood();
      const sent = invite();
      await atOnce();
      const { topVia } = first.next('INVITE').request;
      stand.world.crash('s4 1');
      await atOnce();
      expect(inboxOf(far)).toBe(1);
      await stand.world.advance(3_000);
      const second = await primary('s4b', 2);
      await atOnce();
      expect(second.inbox.filter(({ request }) => request.callId === sent.request.callId).map(({ request }) => [request.method, request.topVia.branch]))
        .toEqual([['CANCEL', topVia.branch]]);
    });

    it('sends new calls to others until a half that says it is primary answers, too', async () => {
      await primary('s4', 1);
      const far = await stand.server('s3');
      await stood();
      stand.world.crash('s4 1');
      await stand.world.advance(1_200);
      // It says so before its ports are open.
      const announcer = await stand.world.start('announcer', ({ bus }) => ({ close: () => {}, bus }));
      announcer.bus.publish(subjects.alive('s4/session-controller'), beatOf('s4b', 2));
      await atOnce();
      expect(of('s4').present.process).toBe('s4b');
      const sent = invite();
      await atOnce();
      expect(far.inbox.map(({ request }) => request.callId)).toEqual([sent.request.callId]);
      await stand.world.advance(300);
      const second = await primary('s4b', 2);
      await stand.world.advance(400);
      expect(of('s4')).toMatchObject({ takesNew: true, check: { state: 'in-service', cut: false, doubted: false } });
      invite();
      await atOnce();
      expect([inboxOf(far), inboxOf(second)]).toEqual([1, 1]);
    });

    it('keeps a new call for the half that takes over when nobody else could take it', async () => {
      const first = await primary('s4', 1);
      await stood();
      const early = invite();
      await atOnce();
      expect(inboxOf(first)).toBe(1);
      stand.world.crash('s4 1');
      await atOnce();
      const late = invite();
      await stand.world.advance(1_200);
      const second = await primary('s4b', 2);
      await atOnce();
      expect(second.inbox.map(({ request }) => request.callId).sort()).toEqual([early, late].map(({ request }) => request.callId).sort());
      expect([early, late].flatMap(({ responses }) => responses).filter(({ status }) => status >= 200)).toEqual([]);
    });

    it('keeps the requests of a dialog for the half that takes over, though others could take new calls', async () => {
      const first = await primary('s4', 1);
      const far = await stand.server('s3');
      await stood();
      const sent = invite();
      await atOnce();
      first.answer(first.next('INVITE'), 200);
      await atOnce();
      const dialog = carrier.dialogOf(sent);
      carrier.ack(dialog, sent, P1);
      const before = carrier.inDialog(dialog, 'INFO', P1);
      await atOnce();
      expect(inboxOf(first, 'INFO')).toBe(1);
      stand.world.crash('s4 1');
      await atOnce();
      const bye = carrier.inDialog(dialog, 'BYE', P1);
      await stand.world.advance(1_200);
      expect([before, bye].flatMap(({ responses }) => responses).filter(({ status }) => status !== 100)).toEqual([]);
      const second = await primary('s4b', 2);
      await atOnce();
      second.answer(second.next('INFO'), 200);
      second.answer(second.next('BYE'), 200);
      await atOnce();
      expect([before, bye].map(({ responses }) => responses.at(-1)?.status)).toEqual([200, 200]);
      expect(far.inbox).toEqual([]);
    });

    it('does not doubt the new primary when the old one closes its ports after a switchover', async () => {
      await primary('s4', 1);
      await stood();
      const second = await primary('s4b', 2);
      await stood();
      stand.world.crash('s4 1');
      await atOnce();
      expect(of('s4')).toMatchObject({ takesNew: true, check: { doubted: false, cut: false } });
      invite();
      await atOnce();
      expect(inboxOf(second)).toBe(1);
    });
  });
});
