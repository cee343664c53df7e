/** Real sockets on loopback; every port is given by the system, and nothing waits but for an event. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { makeResponse } from '../message/make.js';
import type { SipMessage, SipRequest } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import { request, startLine } from '../transaction/testing.js';
import { LocalSipNetwork } from './local-network.js';
import type { Flow, ListeningAddress, Target, TransportError, TransportName } from './port.js';
import { SocketTransport, type SocketTransportOptions } from './socket-transport.js';
import { TEST_CERT, TEST_KEY } from './tls.fixture.js';

const LOOPBACK: ListeningAddress[] = [
  { transport: 'udp', host: '127.0.0.1', port: 0 }, { transport: 'tcp', host: '127.0.0.1', port: 0 },
];

interface Arrival { readonly message: SipMessage; readonly flow: Flow }

class Endpoint {
  readonly #arrived: Arrival[] = [];
  readonly malformed: SipParseError[] = [];
  readonly lost: string[] = [];
  #wake: () => void = () => {};

  constructor(readonly transport: SocketTransport, readonly clock: VirtualClock, readonly meter: CountingMeter) {
    transport.onMessage = (message, flow) => { this.#arrived.push({ message, flow }); this.#wake(); };
    transport.onMalformed = (error) => { this.malformed.push(error); this.#wake(); };
    transport.onFlowLost = (flow) => { this.lost.push(flow.key); this.#wake(); };
  }

  static async start(options: Partial<SocketTransportOptions> = {}, network?: LocalSipNetwork, admits?: (host: string) => boolean): Promise<Endpoint> {
    const clock = new VirtualClock();
    const meter = new CountingMeter();
    const transport = await SocketTransport.listen({ listen: LOOPBACK, ...options }, { clock, log: silentLog, meter, network, admits });
    const endpoint = new Endpoint(transport, clock, meter);
    started.push(endpoint);
    return endpoint;
  }

  target(name: TransportName): Target {
    return this.transport.listening.find(({ transport }) => transport === name) as Target;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => { this.#wake = resolve; });
  }

  wake(): void {
    this.#wake();
  }

  async next(): Promise<Arrival> {
    await this.until(() => this.#arrived.length > 0);
    return this.#arrived.shift() as Arrival;
  }
}

const started: Endpoint[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ transport }) => transport.close()));
});

const options = (via = 'SIP/2.0/UDP phone.example;rport;branch=z9hG4bK1'): SipRequest => request('OPTIONS', { via });

async function failure(send: (failed: (error: TransportError) => void) => void): Promise<TransportError> {
  return new Promise((resolve) => {
    let returned = false;
    send((error) => {
      expect(returned).toBe(true);
      resolve(error);
    });
    returned = true;
  });
}

describe('SocketTransport', () => {
  it.each(['udp', 'tcp'] as const)('carries a request and its response over %s', async (name) => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start()];
    a.transport.send(options().bytes, b.target(name));
    const { message, flow } = await b.next();
    expect(flow).toMatchObject({ transport: name, host: '127.0.0.1' });
    expect([message.topVia.received, message.topVia.rport]).toEqual(['127.0.0.1', flow.port]);
    b.transport.send(makeResponse(message as SipRequest, 200).bytes, flow);
    const back = await a.next();
    expect(startLine(back.message)).toBe('200 OPTIONS');
    expect(back.flow.key).toBe(`${name}:127.0.0.1:${b.target(name).port}`);
  });

  it('gives the same flow to the same peer', async () => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start()];
    a.transport.send(options().bytes, b.target('udp'));
    a.transport.send(options().bytes, b.target('udp'));
    expect((await b.next()).flow).toBe((await b.next()).flow);
  });

  it('says where responses go when the sender did not ask for rport', async () => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start({ stamp: 'always' })];
    a.transport.send(options('SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bK1').bytes, b.target('udp'));
    const { message, flow } = await b.next();
    expect(flow.replyPort).toBe(6000);
    expect(message.topVia.rport).toBe(a.target('udp').port);
  });

  it('uses one connection for many messages, both ways', async () => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start()];
    for (let i = 0; i < 20; i += 1) a.transport.send(options().bytes, b.target('tcp'));
    const flows = new Set<Flow>();
    for (let i = 0; i < 20; i += 1) flows.add((await b.next()).flow);
    expect(flows.size).toBe(1);
  });

  it('reports a lost flow, and refuses to send over it', async () => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start()];
    a.transport.send(options().bytes, b.target('tcp'));
    const { flow } = await b.next();
    await a.transport.close();
    await b.until(() => b.lost.length === 1);
    expect(b.lost).toEqual([flow.key]);
    expect((await failure((failed) => b.transport.send('x', flow, failed))).code).toBe('SIP_TRANSPORT_CONNECTION_LOST');
  });

  it('says when nobody listens, for every message that waited, and never at once', async () => {
    const a = await Endpoint.start();
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const to: Target = { transport: 'tcp', host: '127.0.0.1', port };
    const [one, two] = await Promise.all([
      failure((failed) => a.transport.send('x', to, failed)), failure((failed) => a.transport.send('y', to, failed)),
    ]);
    expect([one.code, two.code]).toEqual(['SIP_TRANSPORT_CONNECT', 'SIP_TRANSPORT_CONNECT']);
    expect(a.lost).toEqual([]);
  });

  it('closes what is idle, on the clock', async () => {
    const [a, b] = [await Endpoint.start(), await Endpoint.start({ idleMs: 60_000 })];
    a.transport.send(options().bytes, b.target('tcp'));
    await b.next();
    b.clock.skip(45_000);
    a.transport.send(options().bytes, b.target('tcp'));
    await b.next();
    b.clock.skip(45_000);
    expect(b.lost).toEqual([]);
    b.clock.skip(30_000);
    expect(b.lost).toHaveLength(1);
    await a.until(() => a.lost.length === 1);
  });

  it('refuses connections beyond its bound', async () => {
    const [a, b, full] = [await Endpoint.start(), await Endpoint.start(), await Endpoint.start({ connectionsMax: 1 })];
    a.transport.send(options().bytes, full.target('tcp'));
    await full.next();
    b.transport.send(options().bytes, full.target('tcp'));
    await b.until(() => b.lost.length === 1);
    expect(full.meter.count('sip_connections_refused_total')).toBe(1);
  });

  it('dials from the address that it listens on', async () => {
    const [a, b] = [await Endpoint.start({ listen: [{ transport: 'udp', host: '127.0.0.3', port: 0 }] }), await Endpoint.start()];
    a.transport.send(options('SIP/2.0/TCP phone.example;branch=z9hG4bK1').bytes, b.target('tcp'));
    expect((await b.next()).flow.host).toBe('127.0.0.3');
  });

  it('reads nothing of a host that is not admitted, and closes its connections', async () => {
    let admitted = true;
    let refused = 0;
    const server: Endpoint = await Endpoint.start({}, undefined, () => {
      if (!admitted) refused += 1;
      server.wake();
      return admitted;
    });
    const refusals = (count: number): Promise<void> => server.until(() => refused >= count);
    const client = await Endpoint.start();
    client.transport.send(options('SIP/2.0/TCP phone.example;branch=z9hG4bK1').bytes, server.target('tcp'));
    await server.next();
    admitted = false;
    client.transport.send(options('SIP/2.0/TCP phone.example;branch=z9hG4bK2').bytes, server.target('tcp'));
    await client.until(() => client.lost.length > 0);
    client.transport.send(options('SIP/2.0/TCP phone.example;branch=z9hG4bK3').bytes, server.target('tcp'));
    await client.until(() => client.lost.length > 1);
    client.transport.send(options().bytes, server.target('udp'));
    await refusals(3);
    admitted = true;
    client.transport.send(options().bytes, server.target('udp'));
    await server.next();
    expect(server.meter.count('sip_messages_received_total', { transport: 'udp' })).toBe(1);
    expect(server.meter.count('sip_unread_total')).toBe(3);
  });

  it('closes a connection whose peer does not read', async () => {
    const a = await Endpoint.start({ bufferedBytesMax: 100_000 });
    const deaf = createServer((socket: Socket) => socket.pause()).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    const to: Target = { transport: 'tcp', host: '127.0.0.1', port: (deaf.address() as { port: number }).port };
    a.transport.send('first', to);
    while (a.meter.count('sip_slow_peers_total') === 0) {
      a.transport.send('x'.repeat(50_000), to);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(a.lost).toHaveLength(1);
    deaf.close();
  });

  it('frames a stream however it is cut, and answers keep-alives (RFC 5626 §4.4.1)', async () => {
    const a = await Endpoint.start();
    const socket = connect(a.target('tcp').port, '127.0.0.1');
    await once(socket, 'connect');
    const text = `\r\n\r\n${options('SIP/2.0/TCP x.example;branch=z9hG4bK1').bytes}`;
    for (const char of text) socket.write(char, 'latin1');
    const { message } = await a.next();
    expect(message.topVia.received).toBe('127.0.0.1');
    const [pong] = await once(socket, 'data') as [Buffer];
    expect(pong.toString()).toBe('\r\n');
    socket.destroy();
  });

  it('closes a stream that lost its framing', async () => {
    const a = await Endpoint.start();
    const socket = connect(a.target('tcp').port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(options().bytes.replace('Content-Length: 0', 'Content-Length: many'));
    await once(socket.resume(), 'end');
    expect(a.malformed).toHaveLength(1);
    socket.destroy();
  });

  it('counts keep-alives and reports noise on UDP', async () => {
    const a = await Endpoint.start();
    const socket = createSocket('udp4');
    const { port } = a.target('udp');
    socket.send('\r\n\r\n', port, '127.0.0.1');
    socket.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n', port, '127.0.0.1');
    await a.until(() => a.malformed.length === 1);
    expect(a.meter.count('sip_keep_alives_total')).toBe(1);
    socket.close();
  });

  it('refuses a datagram that cannot leave', async () => {
    const a = await Endpoint.start();
    expect((await failure((failed) => a.transport.send('x'.repeat(70_000), a.target('udp'), failed))).code).toBe('SIP_TRANSPORT_TOO_LARGE');
  });

  it('names the address that it cannot have, and leaves nothing open', async () => {
    const a = await Endpoint.start();
    const { port } = a.target('tcp');
    const listen: ListeningAddress[] = [{ transport: 'udp', host: '127.0.0.1', port: 0 }, { transport: 'tcp', host: '127.0.0.1', port }];
    await expect(Endpoint.start({ listen })).rejects.toThrow(`cannot listen on tcp 127.0.0.1:${port}`);
  });

  it('sends nothing after it was closed', async () => {
    const a = await Endpoint.start();
    await a.transport.close();
    expect((await failure((failed) => a.transport.send('x', { transport: 'udp', host: '127.0.0.1', port: 9 }, failed))).code).toBe('SIP_TRANSPORT_CLOSED');
  });
});

describe('TLS', () => {
  const listen: ListeningAddress[] = [{ transport: 'tls', host: '127.0.0.1', port: 0 }];
  const trusted = { key: TEST_KEY, cert: TEST_CERT, ca: TEST_CERT };

  it('carries a request and its response, the name of the certificate checked (RFC 5922)', async () => {
    const [a, b] = [await Endpoint.start({ listen, tls: trusted }), await Endpoint.start({ listen, tls: trusted })];
    a.transport.send(options('SIP/2.0/TLS a.example;rport;branch=z9hG4bK1').bytes, { ...b.target('tls'), serverName: 'sip.cordboard.test' });
    const { message, flow } = await b.next();
    expect([flow.transport, message.topVia.rport]).toEqual(['tls', flow.port]);
    b.transport.send(makeResponse(message as SipRequest, 200).bytes, flow);
    expect(startLine((await a.next()).message)).toBe('200 OPTIONS');
  });

  it.each([
    ['of another name', trusted, { serverName: 'other.example' }], ['that nobody we trust has signed', { key: TEST_KEY, cert: TEST_CERT }, {}],
  ])('refuses a certificate %s', async (_name, tls, more) => {
    const [a, b] = [await Endpoint.start({ listen, tls }), await Endpoint.start({ listen, tls: trusted })];
    const error = await failure((failed) => a.transport.send(options().bytes, { ...b.target('tls'), ...more }, failed));
    expect(error.code).toBe('SIP_TRANSPORT_CONNECT');
    expect(error.message).toMatch(/certificate|altnames/i);
  });

  it('asks for the certificate of a client when told', async () => {
    const [stranger, b] = [await Endpoint.start({ listen: [], tls: { ca: TEST_CERT } }), await Endpoint.start({ listen, tls: { ...trusted, requireClientCertificate: true } })];
    const known = await Endpoint.start({ listen: [], tls: trusted });
    stranger.transport.send(options().bytes, b.target('tls'));
    await stranger.until(() => stranger.lost.length === 1);
    known.transport.send(options().bytes, b.target('tls'));
    expect((await b.next()).flow.transport).toBe('tls');
  });

  it('says what is missing when it has no certificate', async () => {
    await expect(Endpoint.start({ listen })).rejects.toThrow('a tls port needs a certificate and its key');
  });
});

describe('LocalSipNetwork', () => {
  it('delivers within the process, in order, later, and answers come back the same way', async () => {
    const network = new LocalSipNetwork();
    const [a, b] = [await Endpoint.start({}, network), await Endpoint.start({}, network)];
    expect(network.size).toBe(4);
    let arrived = 0;
    b.transport.onMessage = () => { arrived += 1; };
    a.transport.send(options().bytes, b.target('udp'));
    expect(arrived).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(arrived).toBe(1);

    const order: string[] = [];
    b.transport.onMessage = (message, flow) => {
      order.push(message.callId);
      b.transport.send(makeResponse(message as SipRequest, 200).bytes, flow);
    };
    for (const callId of ['1', '2', '3']) a.transport.send(request('OPTIONS', { callId }).bytes, b.target('tcp'));
    expect((await a.next()).message.callId).toBe('1');
    expect(order).toEqual(['1', '2', '3']);
    expect(a.meter.count('sip_messages_sent_total', { transport: 'tcp' })).toBe(0);
  });

  it('goes by the kernel for everybody else', async () => {
    const network = new LocalSipNetwork();
    const [a, outside] = [await Endpoint.start({}, network), await Endpoint.start()];
    a.transport.send(options().bytes, outside.target('udp'));
    expect((await outside.next()).flow.port).toBe(a.target('udp').port);
  });

  it('forgets a transport that closes', async () => {
    const network = new LocalSipNetwork();
    const a = await Endpoint.start({}, network);
    await a.transport.close();
    expect(network.size).toBe(0);
  });

  it('drops and counts when its queue is full, as a network does', () => {
    const network = new LocalSipNetwork(1);
    const address: ListeningAddress = { transport: 'udp', host: '127.0.0.1', port: 1 };
    network.register(address, { receiveLocal: () => {} });
    expect([network.deliver('a', address, address), network.deliver('b', address, address)]).toEqual([true, true]);
    expect(network.dropped).toBe(1);
  });

  it('answers within the turn of the event loop, and lets it turn when answers do not end', async () => {
    const network = new LocalSipNetwork();
    const [one, two]: ListeningAddress[] = [{ transport: 'udp', host: '127.0.0.1', port: 1 }, { transport: 'udp', host: '127.0.0.1', port: 2 }];
    let rounds = 0;
    let last = 10;
    const answer = (from: ListeningAddress) => ({
      receiveLocal: (bytes: string, to: ListeningAddress) => {
        rounds += 1;
        if (rounds < last) network.deliver(bytes, from, to);
      },
    });
    network.register(one as ListeningAddress, answer(one as ListeningAddress));
    network.register(two as ListeningAddress, answer(two as ListeningAddress));
    network.deliver('ping', one as ListeningAddress, two as ListeningAddress);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rounds).toBe(10);

    [rounds, last] = [0, 1_000];
    network.deliver('ping', one as ListeningAddress, two as ListeningAddress);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rounds).toBeGreaterThan(10);
    expect(rounds).toBeLessThan(1_000);
  });
});
