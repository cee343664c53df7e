/**
 * One question to one nameserver: by UDP, and by TCP when the answer was cut (RFC 7766 §5). Each question has a socket and an
 * id of its own, both drawn at random, so that a stranger who wants to answer first must guess two numbers (RFC 5452).
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, encode, type Packet, RECURSION_DESIRED, streamDecode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import { type Clock, type Entropy, fail, ok, type Result } from '#kernel';
import type { DnsQuestion } from '../../resolver/dns.js';
import { RECORD_TYPE } from './dns-answer.js';

export interface Nameserver {
  readonly host: string;
  readonly port: number;
}

export interface ExchangePorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** A packet, or in a sentence why there is none. */
export type ExchangeAnswer = Result<Packet, string>;
export type ExchangeDone = (answer: ExchangeAnswer) => void;

export function exchange(question: DnsQuestion, server: Nameserver, timeoutMs: number, ports: ExchangePorts, done: ExchangeDone): void {
  const id = ports.entropy.uint32() & 0xffff;
  const query: Packet = {
    type: 'query', id, flags: RECURSION_DESIRED,
    questions: [{ type: RECORD_TYPE[question.type], name: question.name }],
  };
  byUdp(query, server, timeoutMs, ports, (answer) => {
    if (!answer.ok || ((answer.value.flags ?? 0) & TRUNCATED_RESPONSE) === 0) return done(answer);
    byTcp(query, server, timeoutMs, ports, done);
  });
}

function byUdp(query: Packet, server: Nameserver, timeoutMs: number, ports: ExchangePorts, done: ExchangeDone): void {
  const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4');
  const finish = once((answer) => {
    patience.cancel();
    socket.close();
    done(answer);
  });
  const patience = ports.clock.setTimer(timeoutMs, () => finish(silence(server, timeoutMs)));
  socket.on('error', (error) => finish(fail(`${server.host}:${server.port}: ${error.message}`)));
  // Connected: the kernel drops what others send, and reports a port where nobody listens.
  socket.connect(server.port, server.host, () => socket.send(encode(query)));
  socket.on('message', (data) => {
    const answer = decoded(() => decode(data));
    if (answer !== undefined && answers(query, answer)) finish(ok(answer));
  });
}

function byTcp(query: Packet, server: Nameserver, timeoutMs: number, ports: ExchangePorts, done: ExchangeDone): void {
  const socket = connect({ host: server.host, port: server.port });
  const finish = once((answer) => {
    patience.cancel();
    socket.destroy();
    done(answer);
  });
  const patience = ports.clock.setTimer(timeoutMs, () => finish(silence(server, timeoutMs)));
  let received = Buffer.alloc(0);
  socket.on('error', (error) => finish(fail(`${server.host}:${server.port}: ${error.message}`)));
  socket.on('close', () => finish(fail(`${server.host}:${server.port} closed the connection`)));
  socket.on('connect', () => socket.write(streamEncode(query)));
  socket.on('data', (chunk: Buffer) => {
    // Two bytes of length bound it: more than 64 KiB never wait here.
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const answer = decoded(() => streamDecode(received));
    finish(answer !== undefined && answers(query, answer) ? ok(answer) : fail(`${server.host}:${server.port} answered something else`));
  });
}

/** Same id, same question: anything else is not ours (RFC 5452 §9.1). */
function answers(query: Packet, packet: Packet): boolean {
  const [asked, repeated] = [query.questions?.[0], packet.questions?.[0]];
  return packet.type === 'response' && packet.id === query.id && asked !== undefined && repeated !== undefined
    && asked.type === repeated.type && asked.name.toLowerCase() === repeated.name.toLowerCase();
}

/** What cannot be decoded is noise. */
function decoded(decodeIt: () => Packet | null): Packet | undefined {
  try {
    return decodeIt() ?? undefined;
  } catch {
    return undefined;
  }
}

function silence(server: Nameserver, timeoutMs: number): ExchangeAnswer {
  return fail(`${server.host}:${server.port} did not answer within ${timeoutMs} ms`);
}

function once(call: ExchangeDone): ExchangeDone {
  let called = false;
  return (answer) => {
    if (called) return;
    called = true;
    call(answer);
  };
}
