import type { Answer } from 'dns-packet';
import { application, cluster, nameServer, twoSites } from '../cluster.fixture.js';
import { clusterZones } from './cluster-zones.js';
import type { Zone } from './zone.js';

const ALL = new Set(['p1', 'p2', 'p3']);

function records(zones: readonly Zone[], name: string, type: string): Answer[] {
  return zones.flatMap((zone) => zone.names.get(name) ?? []).filter((record) => record.type === type);
}

function srvLines(zones: readonly Zone[], name: string): string[] {
  return records(zones, name, 'SRV').map((record) => {
    const { priority, weight, port, target } = (record as Answer & { type: 'SRV' }).data;
    return `${priority} ${weight} ${port} ${target}`;
  });
}

function data(zones: readonly Zone[], name: string, type: string): unknown[] {
  return records(zones, name, type).map((record) => (record as { data?: unknown }).data);
}

describe('the zones of a cluster', () => {
  it('give local proxies priority 10 and remote ones 200, as the asker sees them (DNS-01, DNS-02)', () => {
    const fromDc1 = clusterZones(twoSites, ALL, 'dc1', 1);
    const fromDc2 = clusterZones(twoSites, ALL, 'dc2', 1);
    expect(srvLines(fromDc1, '_sip._udp.sip.example.com')).toEqual([
      '10 50 5060 p1.sip.example.com', '10 50 5060 p2.sip.example.com', '200 50 5060 p3.sip.example.com',
    ]);
    expect(srvLines(fromDc2, '_sip._udp.sip.example.com')).toEqual([
      '200 50 5060 p1.sip.example.com', '200 50 5060 p2.sip.example.com', '10 50 5060 p3.sip.example.com',
    ]);
  });

  it('have separate sets for UDP, TCP and TLS, the last only for proxies that serve it (DNS-03)', () => {
    const withTls = application('p1', { ports: new Map([['sip', 5060], ['sips', 5061]]) });
    const zones = clusterZones(cluster(withTls, application('p2'), nameServer), ALL, 'dc1', 1);
    expect(srvLines(zones, '_sip._tcp.sip.example.com')).toHaveLength(2);
    expect(srvLines(zones, '_sips._tcp.sip.example.com')).toEqual(['10 50 5061 p1.sip.example.com']);
    expect(data(zones, 'sip.example.com', 'NAPTR')).toEqual([
      expect.objectContaining({ services: 'SIP+D2U', preference: 10, replacement: '_sip._udp.sip.example.com' }),
      expect.objectContaining({ services: 'SIP+D2T', preference: 20 }),
      expect.objectContaining({ services: 'SIPS+D2T', preference: 30 }),
    ]);
  });

  it('leave out TLS when no proxy serves it', () => {
    const zones = clusterZones(twoSites, ALL, 'dc1', 1);
    expect(srvLines(zones, '_sips._tcp.sip.example.com')).toEqual([]);
    expect(data(zones, 'sip.example.com', 'NAPTR')).toHaveLength(2);
  });

  it('leave out proxies that are not alive', () => {
    const zones = clusterZones(twoSites, new Set(['p2', 'p3']), 'dc1', 1);
    expect(srvLines(zones, '_sip._udp.sip.example.com')).toEqual([
      '10 50 5060 p2.sip.example.com', '200 50 5060 p3.sip.example.com',
    ]);
    expect(data(zones, 'phones.example.com', 'A')).toEqual(['192.0.2.2']);
  });

  it('name every proxy when none is known to be alive', () => {
    expect(srvLines(clusterZones(twoSites, new Set(), 'dc1', 1), '_sip._udp.sip.example.com')).toHaveLength(3);
  });

  it('give devices without SRV the local addresses, the remote ones when no local proxy lives (DNS-07)', () => {
    expect(data(clusterZones(twoSites, ALL, 'dc1', 1), 'phones.example.com', 'A')).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(data(clusterZones(twoSites, new Set(['p3']), 'dc1', 1), 'phones.example.com', 'A')).toEqual(['198.51.100.3']);
  });

  it('publish an IPv6 host as AAAA and an unspecified one not at all', () => {
    const zones = clusterZones(
      cluster(application('p1', { host: '2001:db8::1' }), application('p2', { host: '0.0.0.0' }), nameServer), ALL, 'dc1', 1,
    );
    expect(data(zones, 'p1.sip.example.com', 'AAAA')).toEqual(['2001:db8::1']);
    expect(data(zones, 'p2.sip.example.com', 'A')).toEqual([]);
  });

  it('carry the serial and name their server', () => {
    const [zone] = clusterZones(twoSites, ALL, 'dc1', 77);
    expect(zone!.soa.data).toMatchObject({ serial: 77, mname: 'ns1.sip.example.com' });
    expect(data([zone!], 'sip.example.com', 'NS')).toEqual(['ns1.sip.example.com']);
  });

  it('are one zone when the name for devices without SRV lies below the access point', () => {
    const zones = clusterZones({ ...twoSites, externalContact: 'phones.sip.example.com' }, ALL, 'dc1', 1);
    expect(zones.map(({ apex }) => apex)).toEqual(['sip.example.com']);
    expect(data(zones, 'phones.sip.example.com', 'A')).toHaveLength(2);
  });
});
