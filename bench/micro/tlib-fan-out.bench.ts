/** One event to 100 clients, beside the floor: 100 writes of the same bytes to the same sockets, once per client and event. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { kv, tTime, type TEvent } from '#tlib';
import { TlibServer } from '#tlib/server';
import { measureAsync, report } from './measure.js';

const CLIENTS = 100;
const EVENTS = 500;

const ringing = (n: number): TEvent => ({
  msg: 'EventRinging', ThisDN: '7001', ThisDNRole: 'Destination', OtherDN: '8880001', OtherDNRole: 'Origination', ConnID: '0151025a84c2a028', CallID: n,
  CallUUID: 'UIVB8J6JE91C53UIM3VI59VHQ4000015', CallType: 'Inbound', CallState: 'Ok', ThisQueue: '5000', ANI: '8880001', DNIS: '5000',
  DNSequence: n, OwnerEpoch: 1_800_000_000_000_000, Time: tTime(n), UserData: kv({ customer: 'c1', language: 'en' }), Extensions: kv({ BusinessCall: 1 }),
});

/** A client that reads and throws away; answers how to wait until that many bytes more have come. */
function reader(port: number, hello: string): Promise<{ socket: Socket; until: (bytes: number) => Promise<void> }> {
  return new Promise((resolve) => {
    let seen = 0;
    let wanted = Infinity;
    let arrived: () => void = () => {};
    const until = (bytes: number) => new Promise<void>((done) => {
      wanted = seen + bytes;
      arrived = done;
    });
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(hello);
      if (hello === '') resolve({ socket, until });
    });
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      resolve({ socket, until });
      if (seen >= wanted) {
        wanted = Infinity;
        arrived();
      }
    });
  });
}

/** Lets the event loop turn, so that each event is written by itself on both sides of the comparison. */
const turn = () => new Promise<void>((resolve) => { setImmediate(resolve); });

async function floor(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.setNoDelay(true)));
  const port = await new Promise<number>((resolve) => { server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)); });
  const readers = await Promise.all(Array.from({ length: CLIENTS }, () => reader(port, '')));
  while (sockets.length < CLIENTS) await turn();
  const line = `${JSON.stringify(ringing(1_000_000))}\n`;
  const measured = await measureAsync('floor: one line written to 100 sockets', EVENTS, async () => {
    const all = Promise.all(readers.map(({ until }) => until(line.length * EVENTS)));
    for (let n = 0; n < EVENTS; n += 1) {
      for (const socket of sockets) socket.write(line);
      await turn();
    }
    await all;
  });
  for (const { socket } of readers) socket.destroy();
  server.close();
  report([measured]);
  return measured.cpuMicros;
}

async function fanOut(): Promise<number> {
  const server = new TlibServer({ clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() }, {
    identity: { role: 'SmartProxy', applicationName: 'bench', switchName: 'bench', geoLocation: 'dc1', node: 'bench', version: '1' },
    clientRoles: ['Standard'], password: '', knownApplications: [], backlog: { ms: 60_000, bytes: 16_777_216 }, maxClients: 1_000,
  }, { onRequest: () => {} });
  const port = await server.listen('127.0.0.1', 0);
  const hello = '{"msg":"RequestRegisterClient","ApplicationName":"bench","ProtocolVersion":1}\n';
  const readers = await Promise.all(Array.from({ length: CLIENTS }, () => reader(port, hello)));
  const sessions = [...server.sessions];
  let n = 1_000_000;
  const measured = await measureAsync('T-Library: one event to 100 clients, backlog kept', EVENTS, async () => {
    // Numbers of the same length make lines of the same length, but for the first digits of a session.
    const all = Promise.all(readers.map(({ until }) => until(400 * EVENTS)));
    for (let event = 0; event < EVENTS; event += 1) {
      server.fanOut(ringing(n += 1), sessions);
      await turn();
    }
    await all;
  });
  for (const { socket } of readers) socket.destroy();
  await server.close();
  report([measured]);
  return measured.cpuMicros;
}

const least = await floor();
const ours = await fanOut();
console.log(`ratio ${(ours / least).toFixed(2)} (aim: at most 2)`);
