// The link between data centres for processes of one machine: TCP relays that can be slowed and cut while they run.
//
//   node scripts/servers/wan-relay.mjs --control 127.0.0.1:0 --link NAME=LISTEN_HOST:PORT>TARGET_HOST:PORT ...
//
// A link may name the address that it connects from: NAME=LISTEN>TARGET@SOURCE_HOST. Prints `relay ready http://HOST:PORT`.
// Control over HTTP, JSON in and out: GET / shows the state; POST / with { "cut": true | false, "delayMs": 50 } changes it.
// A cut link is silent, as a dead line is: bytes wait, new connections hang. Healed, what both ends still hold goes on.
// With `--block NET/BITS` once a data centre a cut also drops every packet between their blocks, SIP by UDP among them, where
// root has nft; `packets` in the state says whether it does. Packets cannot be slowed.
import { spawnSync } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { parseArgs } from 'node:util';

/** Bytes of one direction that are on the way. More than that and the sender is told to wait. */
const ON_THE_WAY_MAX = 4 * 1_048_576;
const DELAY_MAX_MS = 10_000;
const BODY_MAX = 4_096;

const state = { cut: false, delayMs: 0, connections: 0, bytes: 0, packets: 'pass' };
let blocks = [];
let table;
const pipes = new Set();

/** One direction of a connection: what came in leaves `delayMs` later, in order, and not while the link is cut. */
class Pipe {
  constructor(from, to) {
    this.from = from;
    this.to = to;
    this.queue = [];
    this.queued = 0;
    this.ended = false;
    from.on('data', (chunk) => this.take(chunk));
    from.on('end', () => { this.ended = true; this.let(); });
    to.on('drain', () => this.let());
    pipes.add(this);
  }

  take(chunk) {
    this.queue.push({ chunk, dueMs: performance.now() + state.delayMs });
    this.queued += chunk.length;
    state.bytes += chunk.length;
    if (this.queued > ON_THE_WAY_MAX) this.from.pause();
    this.let();
  }

  /** Lets out what is due. */
  let() {
    clearTimeout(this.timer);
    if (state.cut || this.to.connecting) return;
    const nowMs = performance.now();
    while (this.queue.length > 0 && this.queue[0].dueMs <= nowMs && !this.to.writableNeedDrain) {
      const { chunk } = this.queue.shift();
      this.queued -= chunk.length;
      this.to.write(chunk);
    }
    if (this.queued <= ON_THE_WAY_MAX) this.from.resume();
    if (this.queue.length > 0) {
      if (!this.to.writableNeedDrain) this.timer = setTimeout(() => this.let(), this.queue[0].dueMs - nowMs);
    } else if (this.ended) {
      this.to.end();
    }
  }

  close() {
    clearTimeout(this.timer);
    pipes.delete(this);
  }
}

function join(client, link) {
  if (client.destroyed) return;
  state.connections += 1;
  const server = connect({ host: link.to.host, port: link.to.port, allowHalfOpen: true, ...(link.source === undefined ? {} : { localAddress: link.source }) });
  const both = [new Pipe(client, server), new Pipe(server, client)];
  server.on('connect', () => both[0].let());
  const end = () => {
    for (const pipe of both) pipe.close();
    client.destroy();
    server.destroy();
  };
  let open = 2;
  server.on('error', () => {});
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on('close', (failed) => {
      open -= 1;
      // The far end hears of it when the line works again.
      if (open > 0 && failed) whenWhole(end);
    });
  }
  client.on('close', () => { state.connections -= 1; });
}

const waiting = new Set();
/** Now, or as soon as the link is whole. */
function whenWhole(work) {
  if (state.cut) waiting.add(work);
  else work();
}

/** Rules of their own table, which goes as a whole. */
function dropPackets() {
  const rules = blocks.flatMap((from) => blocks.filter((to) => to !== from).map((to) => `    ip saddr ${from} ip daddr ${to} drop`));
  const chain = ['table ip ' + table + ' {', '  chain input {', '    type filter hook input priority 0; policy accept;', ...rules, '  }', '}', ''].join('\n');
  return nft(['-f', '-'], chain);
}

function nft(args, input = '') {
  const { status, stderr, error } = spawnSync('nft', args, { input, encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n')[0]);
}

/** What is left of a relay that was killed goes too. */
function passPackets() {
  if (blocks.length > 1) nft(['delete', 'table', 'ip', table]);
  state.packets = 'pass';
}

function cutPackets() {
  if (blocks.length < 2) return;
  nft(['delete', 'table', 'ip', table]);
  const failed = dropPackets();
  state.packets = failed === undefined ? 'cut' : `pass: ${failed}`;
}

function change({ cut, delayMs }) {
  if (cut !== undefined && typeof cut !== 'boolean') throw new Error('cut must be true or false');
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= DELAY_MAX_MS)) throw new Error(`delayMs must be 0 to ${DELAY_MAX_MS}`);
  if (cut === true && !state.cut) cutPackets();
  if (cut === false) passPackets();
  if (cut !== undefined) state.cut = cut;
  if (delayMs !== undefined) state.delayMs = delayMs;
  if (state.cut) return;
  for (const work of waiting) work();
  waiting.clear();
  for (const pipe of pipes) pipe.let();
}

function listen(link) {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      client.on('error', () => {});
      whenWhole(() => join(client, link));
    });
    server.once('error', reject);
    server.listen(link.listen.port, link.listen.host, resolve);
  });
}

function control({ host, port }) {
  const server = createHttpServer((request, response) => {
    const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    let body = '';
    request.on('data', (chunk) => { if (body.length < BODY_MAX) body += chunk; });
    request.on('end', () => {
      try {
        if (request.method === 'POST') change(JSON.parse(body));
        answer(200, state);
      } catch (error) {
        answer(400, { error: error.message });
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address()));
  });
}

function address(text) {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (at <= 0 || !(port >= 0 && port <= 65_535)) throw new Error(`${text}: must be HOST:PORT`);
  return { host: text.slice(0, at), port };
}

function link(text) {
  const parts = /^([\w.-]+)=([^>]+)>([^@]+)(?:@(.+))?$/.exec(text);
  if (parts === null) throw new Error(`--link ${text}: must be NAME=HOST:PORT>HOST:PORT`);
  return { name: parts[1], listen: address(parts[2]), to: address(parts[3]), source: parts[4] };
}

try {
  const { values } = parseArgs({ options: {
    control: { type: 'string', default: '127.0.0.1:0' }, link: { type: 'string', multiple: true, default: [] }, delay: { type: 'string', default: '0' },
    block: { type: 'string', multiple: true, default: [] },
  } });
  blocks = values.block;
  table = `cordboard_${(blocks[0] ?? '').replace(/\W/g, '_')}`;
  change({ cut: false, delayMs: Number(values.delay) });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { passPackets(); process.exit(0); });
  for (const each of values.link.map(link)) await listen(each);
  const { address: host, port } = await control(address(values.control));
  console.log(`relay ready http://${host}:${port}`);
} catch (error) {
  console.error(`wan-relay: ${error.message}`);
  process.exit(1);
}
