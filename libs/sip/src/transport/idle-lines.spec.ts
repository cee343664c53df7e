import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { SocketIdleLines } from './idle-lines.js';
import type { IdleLine } from './port.js';
import { SocketTransport } from './socket-transport.js';

const HOST = '127.0.0.1';

describe('an idle line over a socket', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** What the line tells, in order. */
  function dial(port: number): { line: IdleLine; news: string[]; next(): Promise<void> } {
    const news: string[] = [];
    let wake = (): void => {};
    const tell = (what: string) => {
      news.push(what);
      wake();
    };
    const line = new SocketIdleLines().dial(HOST, port, { opened: () => tell('opened'), closed: (reason) => tell(`closed: ${reason}`) });
    closers.push(() => line.close());
    return { line, news, next: () => new Promise((resolve) => { wake = resolve; }) };
  }

  async function listen(accept: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
    const server = createServer(accept);
    server.listen(0, HOST);
    await once(server, 'listening');
    closers.push(() => server.close());
    return { server, port: (server.address() as { port: number }).port };
  }

  it('tells that it stands, and that the other end is gone', async () => {
    const sockets: Socket[] = [];
    const { port } = await listen((socket) => sockets.push(socket));
    const { news, next } = dial(port);
    await next();
    while (sockets.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
    sockets[0]!.destroy();
    await next();
    expect(news).toEqual(['opened', 'closed: the other end closed the connection']);
  });

  it('tells that nobody listens', async () => {
    const { server, port } = await listen(() => {});
    server.close();
    await once(server, 'close');
    const { news, next } = dial(port);
    await next();
    expect(news).toEqual([`closed: connect ECONNREFUSED ${HOST}:${port}`]);
  });

  it('tells nothing after its own close', async () => {
    let ended = (): void => {};
    const end = new Promise<void>((resolve) => { ended = resolve; });
    const { port } = await listen((socket) => socket.on('close', ended).resume());
    const { line, news, next } = dial(port);
    await next();
    line.close();
    await end;
    expect(news).toEqual(['opened']);
  });

  it('is a connection like any other to a SIP transport, and its pings keep it from being idle', async () => {
    const meter = new CountingMeter();
    const transport = await SocketTransport.listen(
      { listen: [{ transport: 'tcp', host: HOST, port: 0 }] }, { clock: new SystemClock(), log: silentLog, meter },
    );
    const received: unknown[] = [];
    transport.onMalformed = (error) => received.push(error);
    transport.onMessage = (message) => received.push(message);
    const { line, news, next } = dial(transport.listening[0]!.port);
    await next();
    line.ping();
    line.ping();
    while (meter.count('sip_keep_alives_total') < 2) await new Promise((resolve) => { setImmediate(resolve); });
    const closed = next();
    await transport.close();
    await closed;
    expect([news, received]).toEqual([['opened', expect.stringMatching(/^closed: /)], []]);
  });
});
