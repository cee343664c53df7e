import type { Question } from 'dns-packet';
import { twoSites } from '../cluster.fixture.js';
import { clusterZones, NEGATIVE_TTL_S } from './cluster-zones.js';
import { lookUp, RCODE } from './look-up.js';

const zones = clusterZones(twoSites, new Set(['p1', 'p2', 'p3']), 'dc1', 1);

function ask(type: string, name: string, dnsClass: Question['class'] = 'IN') {
  return lookUp({ type: type as Question['type'], name, class: dnsClass }, zones);
}

describe('a look-up', () => {
  it('answers SRV with the addresses of its targets beside it', () => {
    const found = ask('SRV', '_sip._udp.sip.example.com');
    expect(found.answers).toHaveLength(3);
    expect(found.additionals.map((record) => (record as { data?: unknown }).data)).toEqual(['192.0.2.1', '192.0.2.2', '198.51.100.3']);
    expect(found.authoritative).toBe(true);
  });

  it('does not mind the case of letters and gives the name back as it was asked (RFC 4343)', () => {
    const [answer] = ask('A', 'PhoneS.example.COM').answers;
    expect(answer).toMatchObject({ name: 'PhoneS.example.COM', data: '192.0.2.1' });
  });

  it('says NXDOMAIN with the SOA and a short life for a name that is not there (RFC 2308)', () => {
    const found = ask('A', 'nobody.sip.example.com');
    expect(found.rcode).toBe(RCODE.NXDOMAIN);
    expect(found.authorities).toEqual([expect.objectContaining({ type: 'SOA', ttl: NEGATIVE_TTL_S })]);
  });

  it('says "no such record", not "no such name", for a type that a name does not have', () => {
    const found = ask('AAAA', 'phones.example.com');
    expect(found).toMatchObject({ rcode: RCODE.NOERROR, answers: [] });
    expect(found.authorities).toHaveLength(1);
  });

  it('knows the names between a record and the apex (RFC 8020)', () => {
    expect(ask('A', '_udp.sip.example.com').rcode).toBe(RCODE.NOERROR);
  });

  it.each([
    ['another zone', 'A', 'example.org', 'IN'],
    ['a zone that only ends alike', 'A', 'notsip.example.com', 'IN'],
    ['another class', 'A', 'sip.example.com', 'CH'],
    ['a zone transfer', 'AXFR', 'sip.example.com', 'IN'],
  ])('refuses %s', (_what, type, name, dnsClass) => {
    expect(ask(type, name, dnsClass as Question['class'])).toMatchObject({ rcode: RCODE.REFUSED, authoritative: false });
  });

  it('answers ANY with one small record (RFC 8482)', () => {
    expect(ask('ANY', 'sip.example.com').answers).toEqual([expect.objectContaining({ type: 'HINFO' })]);
  });
});
