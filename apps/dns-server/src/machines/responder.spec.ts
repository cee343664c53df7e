import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import fc from 'fast-check';
import { application, cluster, nameServer, twoSites } from '../cluster.fixture.js';
import { clusterZones } from './cluster-zones.js';
import { RCODE } from './look-up.js';
import { respond, UDP_BYTES_MAX } from './responder.js';

const zones = clusterZones(twoSites, new Set(['p1', 'p2', 'p3']), 'dc1', 1);
const many = Array.from({ length: 60 }, (_, i) => application(`p${i}`, { host: `192.0.2.${i + 1}` }));
const manyZones = clusterZones(cluster(...many, nameServer), new Set(many.map(({ name }) => name)), 'dc1', 1);

function query(type: string, name: string, packet: Packet = {}): Buffer {
  return encode({ type: 'query', id: 4711, questions: [{ type: type as Question['type'], name }], ...packet });
}

function opt(udpPayloadSize: number, ednsVersion = 0): Answer {
  return { type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion, flags: 0, flag_do: false, options: [] };
}

function rcodeOf(bytes: Buffer): number {
  return bytes.readUInt16BE(2) & 0xf;
}

describe('a response', () => {
  it('repeats id and question and is authoritative', () => {
    const packet = decode(respond(query('SRV', '_sip._udp.sip.example.com'), zones, { transport: 'udp' })!.bytes);
    expect(packet).toMatchObject({ id: 4711, flag_qr: true, flag_aa: true, flag_ra: false });
    expect(packet.questions).toEqual([expect.objectContaining({ name: '_sip._udp.sip.example.com', type: 'SRV' })]);
    expect(packet.answers).toHaveLength(3);
  });

  it('is cut with TC when it is too long for the datagram, and whole over TCP', () => {
    const udp = respond(query('SRV', '_sip._udp.sip.example.com'), manyZones, { transport: 'udp' })!.bytes;
    expect(decode(udp)).toMatchObject({ flag_tc: true, answers: [] });
    const tcp = respond(query('SRV', '_sip._udp.sip.example.com'), manyZones, { transport: 'tcp' })!.bytes;
    expect(decode(tcp).flag_tc).toBe(false);
    expect(decode(tcp).answers).toHaveLength(60);
  });

  it('leaves the additional addresses out before it is cut (RFC 2181 §9)', () => {
    const six = clusterZones(cluster(...many.slice(0, 6), nameServer), new Set(many.map(({ name }) => name)), 'dc1', 1);
    const packet = decode(respond(query('SRV', '_sip._udp.sip.example.com'), six, { transport: 'udp' })!.bytes);
    expect(packet.flag_tc).toBe(false);
    expect(packet.answers).toHaveLength(6);
    expect(packet.additionals).toEqual([]);
  });

  it('uses the size that EDNS offers, up to what travels unfragmented', () => {
    const asked = query('SRV', '_sip._udp.sip.example.com', { additionals: [opt(UDP_BYTES_MAX)] });
    const ten = clusterZones(cluster(...many.slice(0, 12), nameServer), new Set(many.map(({ name }) => name)), 'dc1', 1);
    const bytes = respond(asked, ten, { transport: 'udp' })!.bytes;
    expect(bytes.length).toBeGreaterThan(512);
    expect(decode(bytes).additionals).toContainEqual(expect.objectContaining({ type: 'OPT', udpPayloadSize: UDP_BYTES_MAX }));
    const huge = query('SRV', '_sip._udp.sip.example.com', { additionals: [opt(65_535)] });
    expect(decode(respond(huge, manyZones, { transport: 'udp' })!.bytes).flag_tc).toBe(true);
  });

  it('says BADVERS to an EDNS version it does not know (RFC 6891 §6.1.3)', () => {
    const response = respond(query('A', 'phones.example.com', { additionals: [opt(1232, 1)] }), zones, { transport: 'udp' })!;
    expect(response.rcode).toBe(RCODE.BADVERS);
    const [own] = decode(response.bytes).additionals as { extendedRcode: number }[];
    expect(own!.extendedRcode).toBe(1);
  });

  it('says FORMERR to what it cannot read and to more than one question', () => {
    const two = query('A', 'phones.example.com', {
      questions: [{ type: 'A', name: 'phones.example.com' }, { type: 'AAAA', name: 'phones.example.com' }],
    });
    expect(rcodeOf(respond(two, zones, { transport: 'udp' })!.bytes)).toBe(RCODE.FORMERR);
    const cutShort = query('A', 'phones.example.com').subarray(0, 20);
    expect(rcodeOf(respond(cutShort, zones, { transport: 'udp' })!.bytes)).toBe(RCODE.FORMERR);
  });

  it('says NOTIMP to other operations than queries', () => {
    const update = query('A', 'phones.example.com');
    update.writeUInt16BE(5 << 11, 2);
    expect(rcodeOf(respond(update, zones, { transport: 'udp' })!.bytes)).toBe(RCODE.NOTIMP);
  });

  it('is never given to a response or to half a header', () => {
    const response = encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'phones.example.com' }] });
    expect(respond(response, zones, { transport: 'udp' })).toBeUndefined();
    expect(respond(Buffer.alloc(11), zones, { transport: 'udp' })).toBeUndefined();
  });

  it('sends a source that asks too much to TCP with no more bytes than it sent', () => {
    const asked = query('SRV', '_sip._udp.sip.example.com');
    const response = respond(asked, zones, { transport: 'udp', onlyTruncated: true })!;
    expect(response.bytes.length).toBeLessThanOrEqual(asked.length);
    expect(decode(response.bytes).flag_tc).toBe(true);
  });

  it('survives any bytes', () => {
    const mutated = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, value]) => {
      const bytes = query('SRV', '_sip._udp.sip.example.com', { additionals: [opt(1232)] });
      bytes[at % bytes.length] = value;
      return bytes;
    });
    const any = fc.oneof(mutated, fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)));
    fc.assert(fc.property(any, (bytes) => {
      const response = respond(bytes, zones, { transport: 'udp' });
      expect(response === undefined || response.bytes.readUInt16BE(0) === bytes.readUInt16BE(0)).toBe(true);
    }), { numRuns: 2_000 });
  });
});
