/** From the bytes of a query to the bytes of its response. Never throws, whatever the bytes are. */
import { AUTHORITATIVE_ANSWER, type DecodedPacket, decode, encode, type OptAnswer, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import { type LookUp, lookUp, RCODE, type Rcode, refusal } from './look-up.js';
import type { Zone } from './zone.js';

/** RFC 1035 §4.2.1: without EDNS no datagram is longer. */
const PLAIN_UDP_BYTES = 512;
/** Fits every path without fragments (DNS flag day 2020); what is longer goes by TCP. */
export const UDP_BYTES_MAX = 1232;
export const TCP_BYTES_MAX = 65_535;

const HEADER_BYTES = 12;
const RECURSION_DESIRED_BIT = 0x0100;
const OPCODE_BITS = 0x7800;
const RESPONSE_BIT = 0x8000;

export interface Response {
  readonly bytes: Buffer;
  readonly rcode: Rcode;
}

export interface ResponderOptions {
  readonly transport: 'udp' | 'tcp';
  /** Send the asker to TCP with an answer that is no larger than the question: its address may be forged. */
  readonly onlyTruncated?: boolean;
}

/** The response, or nothing when the bytes are no query that could be answered. */
export function respond(query: Buffer, zones: readonly Zone[], options: ResponderOptions): Response | undefined {
  if (query.length < HEADER_BYTES) return undefined;
  const flags = query.readUInt16BE(2);
  // A response is never answered: two servers would talk for ever.
  if ((flags & RESPONSE_BIT) !== 0) return undefined;
  if ((flags & OPCODE_BITS) !== 0) return bare(query, RCODE.NOTIMP);
  const packet = decoded(query);
  if (packet === undefined || packet.questions?.length !== 1) return bare(query, RCODE.FORMERR);
  const opts = (packet.additionals ?? []).filter((record) => record.type === 'OPT');
  if (opts.length > 1) return bare(query, RCODE.FORMERR);
  return answer(packet, opts[0], zones, options);
}

function answer(
  packet: DecodedPacket, opt: OptAnswer | undefined, zones: readonly Zone[], options: ResponderOptions,
): Response {
  const question = packet.questions![0]!;
  const found = opt !== undefined && opt.ednsVersion > 0 ? refusal(RCODE.BADVERS) : lookUp(question, zones);
  const limit = options.transport === 'tcp' ? TCP_BYTES_MAX : udpLimit(opt);
  if (options.onlyTruncated !== true) {
    const whole = encoded(packet, opt, found, 0);
    if (whole.length <= limit) return { bytes: whole, rcode: found.rcode };
    // RFC 2181 §9: what is merely helpful may be left out without saying so.
    const lean = encoded(packet, opt, { ...found, additionals: [] }, 0);
    if (lean.length <= limit) return { bytes: lean, rcode: found.rcode };
  }
  const cut = encoded(packet, opt, { ...found, answers: [], authorities: [], additionals: [] }, TRUNCATED_RESPONSE);
  return { bytes: cut, rcode: found.rcode };
}

function udpLimit(opt: OptAnswer | undefined): number {
  if (opt === undefined) return PLAIN_UDP_BYTES;
  return Math.max(PLAIN_UDP_BYTES, Math.min(opt.udpPayloadSize, UDP_BYTES_MAX));
}

function encoded(query: DecodedPacket, opt: OptAnswer | undefined, found: LookUp, extraFlags: number): Buffer {
  const authority = found.authoritative ? AUTHORITATIVE_ANSWER : 0;
  const recursionDesired = query.flag_rd ? RECURSION_DESIRED_BIT : 0;
  const response: Packet = {
    type: 'response',
    id: query.id,
    flags: authority | recursionDesired | extraFlags | (found.rcode & 0xf),
    questions: query.questions,
    answers: [...found.answers],
    authorities: [...found.authorities],
    additionals: opt === undefined ? [...found.additionals] : [...found.additionals, ownOpt(found.rcode)],
  };
  return encode(response);
}

/** RFC 6891 §6.1: our own limits; the upper bits of the response code travel here. */
function ownOpt(rcode: Rcode): OptAnswer {
  return {
    type: 'OPT', name: '.', udpPayloadSize: UDP_BYTES_MAX, extendedRcode: rcode >> 4, ednsVersion: 0, flags: 0,
    flag_do: false, options: [],
  };
}

function decoded(query: Buffer): DecodedPacket | undefined {
  try {
    return decode(query);
  } catch {
    return undefined;
  }
}

/** Header only: what is left to say when the rest cannot be understood. */
function bare(query: Buffer, rcode: Rcode): Response {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16BE(query.readUInt16BE(0), 0);
  const kept = query.readUInt16BE(2) & (OPCODE_BITS | RECURSION_DESIRED_BIT);
  bytes.writeUInt16BE(RESPONSE_BIT | kept | rcode, 2);
  return { bytes, rcode };
}
