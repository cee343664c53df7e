/** Against a nameserver on loopback; TCP listens on the port that UDP was given. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { DnsOutcome } from '../../resolver/dns.js';
import { NameserverLookup, parseNameserver } from './nameserver-lookup.js';

/** Of its own, so that no connection of another process has the port that UDP gets. */
const HOST = '127.53.0.1';

type Reply = (query: Packet) => Partial<Packet> | Buffer | 'silent';

class FakeNameserver {
  readonly asked: string[] = [];
  readonly #udp: Socket = createSocket('udp4');
  readonly #tcp: Server;
  onAsked: () => void = () => {};

  constructor(private readonly reply: Reply, private readonly tcpReply: Reply = reply) {
    this.#udp.on('message', (data, from) => {
      const answer = this.#answer(decode(data), this.reply, 'udp');
      if (answer !== undefined) this.#udp.send(Buffer.isBuffer(answer) ? answer : encode(answer), from.port, from.address);
    });
    this.#tcp = createServer((socket) => socket.on('data', (data: Buffer) => {
      const answer = this.#answer(streamDecode(data), this.tcpReply, 'tcp');
      if (answer !== undefined && !Buffer.isBuffer(answer)) {
        // In two pieces: the length says when it is whole.
        const bytes = streamEncode(answer);
        socket.write(bytes.subarray(0, 5), () => socket.write(bytes.subarray(5)));
      }
    }));
  }

  async start(): Promise<{ host: string; port: number }> {
    this.#udp.bind(0, HOST);
    await once(this.#udp, 'listening');
    const { port } = this.#udp.address();
    this.#tcp.listen(port, HOST);
    await once(this.#tcp, 'listening');
    started.push(this);
    return { host: HOST, port };
  }

  async close(): Promise<void> {
    this.#tcp.close();
    await new Promise<void>((resolve) => this.#udp.close(resolve));
  }

  #answer(query: Packet, reply: Reply, over: string): Packet | Buffer | undefined {
    const question = query.questions?.[0];
    this.asked.push(`${over} ${question?.type} ${question?.name}`);
    this.onAsked();
    const answer = reply(query);
    if (answer === 'silent' || Buffer.isBuffer(answer)) return answer === 'silent' ? undefined : answer;
    return { type: 'response', id: query.id, questions: query.questions, flags: AUTHORITATIVE_ANSWER, ...answer };
  }
}

const started: FakeNameserver[] = [];
afterEach(() => Promise.all(started.splice(0).map((server) => server.close())));

const clock = new VirtualClock();
const lookupAt = (...servers: { host: string; port: number }[]) =>
  new NameserverLookup({ servers, rounds: 1 }, { clock, entropy: new SeededEntropy(7) });

type Ask = 'naptr' | 'srv' | 'a' | 'aaaa';
const ask = (lookup: NameserverLookup, type: Ask, name: string) =>
  new Promise<DnsOutcome<unknown>>((resolve) => lookup[type](name, resolve));

const soa: Answer = { type: 'SOA', name: 'example.com', ttl: 300, data: { mname: 'a', rname: 'b', minimum: 42 } };

describe('NameserverLookup', () => {
  it.each([
    ['a', [{ type: 'A', name: 'x', ttl: 30, data: '192.0.2.1' }, { type: 'A', name: 'x', ttl: 20, data: '192.0.2.2' }], ['192.0.2.1', '192.0.2.2'], 20],
    ['aaaa', [{ type: 'AAAA', name: 'x', ttl: 9, data: '2001:db8::1' }], ['2001:db8::1'], 9],
    ['srv', [{ type: 'SRV', name: 'x', ttl: 60, data: { priority: 10, weight: 50, port: 5060, target: 'p1.example.com' } }],
      [{ priority: 10, weight: 50, port: 5060, target: 'p1.example.com' }], 60],
    ['naptr', [{ type: 'NAPTR', name: 'x', ttl: 60, data: { order: 1, preference: 2, flags: 's', services: 'SIP+D2U', regexp: '', replacement: '_sip._udp.x' } }],
      [{ order: 1, preference: 2, flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.x' }], 60],
  ] as [Ask, Answer[], unknown[], number][])('reads %s records', async (type, answers, records, ttlS) => {
    const server = await new FakeNameserver(() => ({ answers })).start();
    expect(await ask(lookupAt(server), type, 'x')).toEqual({ kind: 'found', records, ttlS });
  });

  it.each([['NXDOMAIN', AUTHORITATIVE_ANSWER | 3], ['no data', AUTHORITATIVE_ANSWER]])('%s holds as long as the SOA says (RFC 2308)', async (_name, flags) => {
    const server = await new FakeNameserver(() => ({ flags, authorities: [soa] })).start();
    expect(await ask(lookupAt(server), 'a', 'nobody.example.com')).toEqual({ kind: 'none', ttlS: 42 });
  });

  it('asks the next server when one fails, refuses or is silent', async () => {
    const failing = await new FakeNameserver(() => ({ flags: 2 })).start();
    const silentServer = new FakeNameserver(() => 'silent');
    const silent = await silentServer.start();
    const closed = new FakeNameserver(() => 'silent');
    const refused = await closed.start();
    started.splice(started.indexOf(closed), 1);
    await closed.close();
    const good = await new FakeNameserver(() => ({ answers: [{ type: 'A', name: 'x', ttl: 1, data: '192.0.2.1' }] })).start();
    const heard = new Promise<void>((resolve) => { silentServer.onAsked = resolve; });
    const answer = ask(lookupAt(failing, refused, silent, good), 'a', 'x');
    await heard;
    clock.skip(1500);
    expect(await answer).toMatchObject({ kind: 'found', records: ['192.0.2.1'] });
  });

  it('says why when no server answers', async () => {
    const failing = await new FakeNameserver(() => ({ flags: 2 })).start();
    expect(await ask(lookupAt(failing), 'a', 'x')).toEqual({ kind: 'failed', reason: 'the nameserver answered with rcode 2' });
    expect(await ask(lookupAt(), 'a', 'x')).toEqual({ kind: 'failed', reason: 'no nameserver is configured' });
  });

  it('asks again by TCP when the answer was cut', async () => {
    const answers: Answer[] = [{ type: 'A', name: 'x', ttl: 1, data: '192.0.2.1' }];
    const server = new FakeNameserver(() => ({ flags: TRUNCATED_RESPONSE }), () => ({ answers }));
    expect(await ask(lookupAt(await server.start()), 'a', 'x')).toMatchObject({ kind: 'found', records: ['192.0.2.1'] });
    expect(server.asked).toEqual(['udp A x', 'tcp A x']);
  });

  it('follows an alias that the server does not follow itself, and one that it does', async () => {
    const server = new FakeNameserver((query) => {
      const cname: Answer = { type: 'CNAME', name: 'x', ttl: 5, data: 'y' };
      return query.questions?.[0]?.name === 'x' ? { answers: [cname] } : { answers: [{ type: 'A', name: 'y', ttl: 30, data: '192.0.2.1' }] };
    });
    expect(await ask(lookupAt(await server.start()), 'a', 'x')).toMatchObject({ kind: 'found', records: ['192.0.2.1'] });
    expect(server.asked).toEqual(['udp A x', 'udp A y']);
  });

  it('ends an alias that leads to itself', async () => {
    const server = await new FakeNameserver(() => ({ answers: [{ type: 'CNAME', name: 'x', ttl: 5, data: 'x' }] })).start();
    expect((await ask(lookupAt(server), 'a', 'x')).kind).toBe('failed');
  });

  it.each([
    ['another id', (query: Packet) => ({ id: (query.id ?? 0) ^ 1 })],
    ['another question', () => ({ questions: [{ type: 'A' as const, name: 'evil' }] })],
    ['noise', () => Buffer.from([1, 2, 3])],
  ])('does not believe an answer with %s (RFC 5452)', async (_name, forge) => {
    const forger = new FakeNameserver((query) => {
      const forged = forge(query);
      return Buffer.isBuffer(forged) ? forged : { ...forged, answers: [{ type: 'A', name: 'x', ttl: 1, data: '203.0.113.66' }] };
    });
    const server = await forger.start();
    const heard = new Promise<void>((resolve) => { forger.onAsked = resolve; });
    const answer = ask(lookupAt(server), 'a', 'x');
    await heard;
    // The forged answer has time to arrive: a second exchange with the same server ends after it.
    await ask(lookupAt(await new FakeNameserver(() => ({})).start()), 'a', 'y');
    clock.skip(1500);
    expect((await answer).kind).toBe('failed');
  });

  it('fails at once when too many questions are open', async () => {
    const server = await new FakeNameserver(() => ({})).start();
    const lookup = new NameserverLookup({ servers: [server], questionsMax: 1 }, { clock, entropy: new SeededEntropy(7) });
    const first = ask(lookup, 'a', 'x');
    expect((await ask(lookup, 'a', 'y')).kind).toBe('failed');
    expect((await first).kind).toBe('none');
    expect((await ask(lookup, 'a', 'z')).kind).toBe('none');
  });

  it.each([
    ['192.0.2.53', '192.0.2.53', 53], ['192.0.2.53:5300', '192.0.2.53', 5300], ['2001:db8::53', '2001:db8::53', 53], ['[2001:db8::53]:5300', '2001:db8::53', 5300],
  ])('reads %s', (text, host, port) => expect(parseNameserver(text)).toEqual({ host, port }));
});
