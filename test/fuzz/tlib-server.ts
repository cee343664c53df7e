/** Mutated lines to a real T-Library server, each on a connection of its own: all are answered, or the connection is closed. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { TlibServer } from '#tlib/server';
import type { FuzzTarget } from './harness.js';
import { tlibSeeds } from './seeds.js';

const HOST = '127.0.0.1';
const OPENING = '{"msg":"RequestRegisterClient","ApplicationName":"fuzz","ProtocolVersion":1,"ReferenceID":1}\n';
/** What comes after the mutated line: when it is answered, so is everything before it. */
const FENCE = 424_242;
const LAST = `{"msg":"RequestQueryServer","ReferenceID":${FENCE}}\n`;
const ANSWERED = `"ReferenceID":${FENCE}`;
const PATIENCE_MS = 10_000;

export async function tlibServer(): Promise<FuzzTarget> {
  let sessions = 0;
  const server = new TlibServer({ clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() }, {
    identity: { role: 'TController', applicationName: 'fuzzed', switchName: 'Test', geoLocation: 'dc1', node: 'fuzzed', version: '1' },
    clientRoles: ['Standard'], password: '', knownApplications: [], backlog: { ms: 500, bytes: 100_000 }, maxClients: 1_000,
  }, {
    onOpened: () => { sessions += 1; },
    onRequest: (session, request) => session.send({ msg: 'EventServerInfo' }, request['ReferenceID'] as number | undefined),
  });
  const port = await server.listen(HOST, 0);
  let lines: string[] = [];

  /** Ends when the fence is answered or the server closes. */
  async function converse(line: string): Promise<void> {
    const socket = connect(port, HOST);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`neither an answer nor an end within ${PATIENCE_MS} ms: ${JSON.stringify(line)}`)));
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (heard.includes(ANSWERED)) socket.end();
    });
    socket.write(OPENING);
    socket.write(Buffer.from(`${line}\n`, 'latin1'));
    socket.write(LAST);
    await once(socket, 'close');
    if (!heard.startsWith('{"msg":"EventLinkConnected"')) throw new Error(`the opening was answered with ${heard.slice(0, 200)}`);
  }

  return {
    name: 'tlib-server', seeds: tlibSeeds, ofMillion: 10_000, batch: 50,
    feed(input) {
      lines.push(input);
      return true;
    },
    async settle() {
      await Promise.all(lines.map(converse));
      lines = [];
    },
    async close() {
      if (sessions === 0) throw new Error('no session was opened');
      await server.close();
    },
  };
}
