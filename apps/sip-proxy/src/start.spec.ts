import { createServer } from 'node:net';
import { type BusReply, MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { SipResponse, Target, TransportName } from '#sip';
import { SocketTransport } from '#sip/transport';
import type { Heartbeat } from '#telephony';
import type { RunningTier, TierPorts } from '#tier';
import { Endpoint, type Received, type Sent } from './fixtures/endpoint.fixture.js';
import { startSipProxy } from './start.js';

const HOST = '127.0.0.1';

function switchWith(proxyPort: number, serverPort: number, options = ''): string {
  return `
switch: { name: Test, access-point: sip.example.com, external-contact: phones.example.com }
applications:
  p1: { type: sip-proxy, geo-location: dc1, host: ${HOST}, ports: { sip: ${proxyPort}${options} } }
  s1: { type: sip-server, server-id: 1, geo-location: dc1, host: ${HOST}, ports: { sip: ${serverPort} } }
dns:
  - { numbers: 7001-7002, type: Extension }
`;
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the proxy on real sockets', () => {
  const clock = new SystemClock();
  const common = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const closers: (() => unknown)[] = [];
  const sockets = new Map<Endpoint, SocketTransport>();
  let ports: TierPorts;
  let tier: RunningTier;

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  const start = async (proxyPort: number, serverPort: number): Promise<void> => {
    const bus = new MemoryBus(common);
    ports = { ...common, bus, keyValues: new MemoryKeyValueStore(clock) };
    const { config } = parseConfig(switchWith(proxyPort, serverPort), 'test.yaml');
    tier = await startSipProxy(config, config.applications[0]!, ports);
    closers.push(() => tier.close());
    bus.publish(subjects.alive('s1/sc'), {
      instance: 's1/sc', node: 's1', tier: 'session-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    } satisfies Heartbeat);
    await bus.flush();
    await new Promise((resolve) => setImmediate(resolve));
  };

  const endpoint = async (name: string, viaHost?: string, contact?: string, transport: TransportName = 'udp'): Promise<Endpoint> => {
    const port = await freePort();
    const opened = await SocketTransport.listen({
      listen: [{ transport: 'udp', host: HOST, port }, { transport: 'tcp', host: HOST, port }],
    }, common);
    const made = new Endpoint(name, { ...common, transport: opened }, {
      host: HOST, port, transport, ...(viaHost === undefined ? {} : { viaHost }), ...(contact === undefined ? {} : { contact }),
    });
    sockets.set(made, opened);
    closers.push(() => opened.close(), () => made.close());
    return made;
  };

  const target = (transport: TransportName): Target => ({ transport, host: HOST, port: tier.listening[0]!.port });

  /** Resolves with the final response. */
  const final = async ({ responses, failure }: Sent): Promise<SipResponse> => {
    for (;;) {
      const last = responses.at(-1);
      if (last !== undefined && last.status >= 200) return last;
      if (failure !== undefined) throw new Error(failure);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const request = async (at: Endpoint, method: string): Promise<Received> => {
    while (!at.inbox.some((received) => received.request.method === method)) await new Promise((resolve) => setImmediate(resolve));
    return at.next(method);
  };

  it.each<TransportName>(['udp', 'tcp'])('registers a phone over %s, rings it, and carries the dialog (PRX-19)', async (transport) => {
    const server = await endpoint('s1', 'sip.example.com', '<sip:n1@sip.example.com>');
    await start(await freePort(), server.options.port);
    server.handler = (received) => {
      const { method } = received.request;
      if (method === 'REGISTER') server.answer(received, 200, [['Contact', received.request.header('Contact') ?? '']]);
      if (method === 'OPTIONS') server.answer(received, 200);
      return method === 'REGISTER' || method === 'OPTIONS';
    };
    const phone = await endpoint('7001', undefined, undefined, transport);
    const registered = phone.send('REGISTER', 'sip:sip.example.com', target(transport), [['To', '<sip:7001@sip.example.com>']]);
    expect((await final(registered)).header('Contact')).toContain(`:${phone.options.port}`);
    const call = server.send('INVITE', 'sip:7001@sip.example.com', target('udp'), [], '5000');
    const asked = await request(phone, 'INVITE');
    expect(asked.flow.transport).toBe(transport);
    const dialog = phone.answer(asked, 200);
    expect((await final(call)).status).toBe(200);
    const bye = phone.inDialog(dialog, 'BYE', target(transport));
    server.answer(await request(server, 'BYE'), 200);
    expect((await final(bye)).status).toBe(200);
    expect(tier.admin['registrations show']!({ aor: '7001' })).toMatchObject({ bindings: [{ node: 'p1' }] });
    expect(tier.admin['destinations list']!({})).toMatchObject({ destinations: [{ name: 's1', takesNew: true, picked: 1 }] });
  });

  it('sends what waits for a server elsewhere when its process is gone, and new calls too', async () => {
    await start(await freePort(), await freePort());
    tier.admin['destinations remove']!({ name: 's1' });
    const servers = await Promise.all(['a', 'b'].map((name) => endpoint(name, 'sip.example.com')));
    for (const [index, server] of servers.entries()) {
      server.handler = (received) => {
        if (received.request.method === 'OPTIONS') server.answer(received, 200);
        return received.request.method === 'OPTIONS';
      };
      tier.admin['destinations add']!({ name: server.name, host: HOST, port: server.options.port, 'server-id': 2 + index, 'geo-location': 'dc1' });
    }
    interface Shown { readonly name: string; readonly state: string; readonly lifeline: string; readonly doubted: boolean }
    const shown = (): Shown[] => (tier.admin['destinations list']!({}) as { destinations: Shown[] }).destinations;
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(() => shown().every(({ state, lifeline }) => state === 'in-service' && lifeline === 'Up'));
    const carrier = await endpoint('carrier');
    const startedMs = performance.now();
    const waits = carrier.send('INVITE', 'sip:7001@sip.example.com', target('udp'));
    await until(() => servers.some(({ inbox }) => inbox.length > 0));
    const dying = servers.find(({ inbox }) => inbox.length > 0)!;
    const other = servers.find((server) => server !== dying)!;
    await sockets.get(dying)!.close();
    const moved = await request(other, 'INVITE');
    expect(moved.request.callId).toBe(waits.request.callId);
    const later = carrier.send('INVITE', 'sip:7002@sip.example.com', target('udp'));
    expect((await request(other, 'INVITE')).request.callId).toBe(later.request.callId);
    expect(shown().find(({ name }) => name === dying.name)).toMatchObject({ doubted: true, lifeline: 'Waiting' });
    // Two seconds of silence would have moved it, too.
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('says which port it could not have', async () => {
    const taken = await endpoint('x');
    await expect(start(taken.options.port, await freePort())).rejects.toThrow(String(taken.options.port));
  });

  it('takes and leaves destinations while it runs (PRX-30)', async () => {
    await start(await freePort(), await freePort());
    const server = await endpoint('s2', 'sip.example.com');
    server.handler = (received) => {
      server.answer(received, 200);
      return true;
    };
    const args = { name: 's2', host: HOST, port: server.options.port, 'server-id': 2, 'geo-location': 'dc1' };
    expect(tier.admin['destinations add']!(args)).toEqual({ added: 's2' });
    expect(() => tier.admin['destinations add']!(args)).toThrow(/already/);
    const state = (): unknown => (tier.admin['destinations list']!({}) as { destinations: { name: string; state: string }[] })
      .destinations.find(({ name }) => name === 's2')?.state;
    while (state() !== 'in-service') await new Promise((resolve) => setImmediate(resolve));
    expect(tier.admin['destinations remove']!({ name: 's2' })).toEqual({ removed: 's2' });
    expect(() => tier.admin['destinations remove']!({ name: 's2' })).toThrow(/no destination/);
    expect(() => tier.admin['destinations add']!({ ...args, port: 'x' })).toThrow(/port must be a number/);
  });

  it('says that a change of the call limits is in force, once it has it', async () => {
    await start(await freePort(), await freePort());
    const revision = await (await ports.keyValues.bucket('limits-dc1')).create('now.mode', { epoch: 4_096, value: 'all-busy' });
    const ask = (at: number) => new Promise<BusReply>((done) => ports.bus.request('cb.limits.p1.inforce', { changes: [], site: 'dc1', revision: at }, 5_000, done));
    expect(await ask(revision)).toEqual({ kind: 'reply', message: { kind: 'in-force' } });
    expect(await ask(revision + 1)).toEqual({ kind: 'reply', message: { kind: 'late' } });
  });

  it('stops at once when nothing is pending', async () => {
    await start(await freePort(), await freePort());
    expect(tier.ready()).toBe(true);
    await tier.drain(10_000);
    expect(tier.ready()).toBe(false);
  });
});
