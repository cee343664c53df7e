/** The line between data centres: what it does to connections when it is slow, cut and whole again. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { loopbackBlock } from '../../test/support/loopback.js';
import { peerSuite } from '../../test/support/peers.js';
import { startWanRelay, type WanRelay } from '../../test/support/wan-relay.js';

describe('the relay', () => {
  let server: Server;
  let relay: WanRelay;
  let at: { host: string; port: number };
  const accepted: Socket[] = [];

  beforeEach(async () => {
    const block = await loopbackBlock();
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    await once(server.listen(0, `${block}.1`), 'listening');
    const { address, port } = server.address() as AddressInfo;
    at = { host: `${block}.2`, port: 7422 };
    relay = await startWanRelay([`test=${at.host}:${at.port}>${address}:${port}`]);
  });
  afterEach(async () => {
    for (const socket of accepted.splice(0)) socket.destroy();
    server.close();
    await relay.close();
  });

  const dial = async (): Promise<Socket> => {
    const socket = connect({ ...at, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  const heard = async (socket: Socket, length: number): Promise<string> => {
    let text = '';
    while (text.length < length) text += String((await once(socket, 'data'))[0]);
    return text;
  };

  it('passes bytes on in order, and the end after them', async () => {
    const socket = await dial();
    const long = 'x'.repeat(300_000);
    socket.end(`${long}y`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toBe(`${long}y`);
  });

  it('holds bytes for the delay in each direction', async () => {
    const socket = await dial();
    await relay.change({ delayMs: 60 });
    const sentMs = performance.now();
    socket.write('a');
    await heard(socket, 1);
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(119);
    socket.destroy();
  });

  it('is silent while it is cut, for connections that were there and for new ones, and goes on with both', async () => {
    const before = await dial();
    before.write('1');
    await heard(before, 1);
    expect(await relay.change({ cut: true })).toMatchObject({ cut: true, connections: 1 });
    const during = await dial();
    const silent = { before: true, during: true };
    before.once('data', () => { silent.before = false; });
    during.once('data', () => { silent.during = false; });
    before.write('2');
    during.write('3');
    // Several round trips of the control pass; the line carries nothing.
    for (let turn = 0; turn < 5; turn += 1) await relay.state();
    expect(silent).toEqual({ before: true, during: true });
    expect(accepted).toHaveLength(1);
    const both = Promise.all([heard(before, 1), heard(during, 1)]);
    await relay.change({ cut: false });
    expect(await both).toEqual(['2', '3']);
    before.destroy();
    during.destroy();
  });

  it('tells the far end of a connection that was reset meanwhile when it is whole again', async () => {
    const socket = await dial();
    socket.write('1');
    await heard(socket, 1);
    await relay.change({ cut: true });
    const closed = once(accepted[0]!, 'close');
    let isClosed = false;
    void closed.then(() => { isClosed = true; });
    socket.resetAndDestroy();
    for (let turn = 0; turn < 5; turn += 1) await relay.state();
    expect(isClosed).toBe(false);
    await relay.change({ cut: false });
    await closed;
  });

  it('refuses what it cannot do', async () => {
    await expect(relay.change({ delayMs: -1 })).rejects.toThrow('delayMs must be 0 to 10000');
  });
});

peerSuite('the relay between two blocks', ['nft'], () => {
  let relay: WanRelay;
  const sockets: UdpSocket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await relay.close();
  });

  const bound = async (host: string): Promise<UdpSocket> => {
    const socket = createSocket('udp4');
    sockets.push(socket);
    await once(socket.bind(0, host), 'listening');
    return socket;
  };

  it('drops packets that cross while it is cut, and no others', async () => {
    const [near, far] = [await loopbackBlock(), await loopbackBlock()];
    relay = await startWanRelay([], [`${near}.0/24`, `${far}.0/24`]);
    const [caller, neighbour, phone] = [await bound(`${near}.1`), await bound(`${far}.2`), await bound(`${far}.1`)];
    const { port, address } = phone.address();
    const heard: string[] = [];
    phone.on('message', (message) => heard.push(String(message)));
    const heardOf = async (from: UdpSocket, text: string): Promise<void> => {
      from.send(text, port, address);
      while (!heard.includes(text)) await once(phone, 'message');
    };
    await heardOf(caller, 'before');
    expect(await relay.change({ cut: true })).toMatchObject({ packets: 'cut' });
    caller.send('during', port, address);
    await heardOf(neighbour, 'beside');
    expect(await relay.change({ cut: false })).toMatchObject({ packets: 'pass' });
    await heardOf(caller, 'behind');
    expect(heard).toEqual(['before', 'beside', 'behind']);
  });
});
