import { parseConfig } from '#config';
import { castFor } from './cast.js';
import { stageOf } from './stage.js';

const config = (phones = '20000-20099') => parseConfig(`
switch: { name: T, access-point: sip.test, external-contact: phones.test }
applications:
  P1: { type: sip-proxy, geo-location: dc1, host: 127.0.28.11, ports: { sip: 5060 } }
  P2: { type: sip-proxy, geo-location: dc2, host: 127.0.28.111, ports: { sip: 5060 } }
  S1: { type: sip-server, server-id: 1, geo-location: dc1, host: 127.0.28.21, ports: { sip: 5070, default: 7000, TCport: 7001, SmartProxy: 7003 } }
  S2: { type: sip-server, server-id: 2, geo-location: dc2, host: 127.0.28.121, ports: { sip: 5070, default: 7000, TCport: 7001, SmartProxy: 7003 } }
  S1b: { backup-of: S1, host: 127.0.28.22 }
  R1: { type: router, geo-location: dc1, host: 127.0.28.31, routing-points: [5000], options: { skill: support } }
dns:
  - { numbers: ${phones}, type: Extension, options: { contact: "*", password: "secret-\${number}" } }
  - { numbers: 7101-7110, type: Extension, options: { contact: "sip:x@127.0.28.90" } }
  - { numbers: 5000-5003, type: RoutingPoint }
  - { number: T1, type: Trunk, options: { contact: "sip:127.0.28.90:5090", prefix: "+", geo-location: dc1 } }
  - { number: T2, type: Trunk, options: { contact: "sip:127.0.28.190", prefix: "+", geo-location: dc2 } }
persons:
  - { employees: agent01-agent08, skills: { support: 1 } }
`, 'cast.yaml').config;

it('finds its places in the configuration', () => {
  const { dataCentres, phones, freePoints, routed } = stageOf(config());
  expect(dataCentres.map(({ name, carrier }) => [name, carrier])).toEqual([
    ['dc1', { host: '127.0.28.90', port: 5090 }], ['dc2', { host: '127.0.28.190', port: 5060 }],
  ]);
  expect(dataCentres[0]!.nodes[0]!.desktops).toEqual([{ host: '127.0.28.21', port: 7001 }, { host: '127.0.28.22', port: 7001 }]);
  expect(phones).toHaveLength(100);
  expect(freePoints).toEqual(['5001', '5002', '5003']);
  expect(routed).toEqual({ point: '5000', agentIDs: expect.arrayContaining(['agent01', 'agent08']) });
});

it('spreads calls over the data centres, every tenth across, nobody in two places', () => {
  const { held, queued, floor, spare } = castFor(stageOf(config()), { calls: 40, perSecond: 0.8 });
  expect(held.filter(({ dataCentre }) => dataCentre === 'dc1')).toHaveLength(20);
  expect(held.filter(({ dataCentre, seat }) => dataCentre !== seat.dataCentre)).toHaveLength(4);
  expect(queued).toHaveLength(4);
  const dns = [...held.map(({ seat }) => seat), ...floor, ...spare].map(({ dn }) => dn);
  expect(new Set(dns).size).toBe(dns.length);
  const numbers = [...held, ...queued].map(({ from }) => from);
  expect(new Set(numbers).size).toBe(numbers.length);
  // Only the floor's agents have the router's skill.
  expect(floor.map(({ agentID }) => agentID)).toEqual(['agent01', 'agent02', 'agent03', 'agent04']);
  expect(held[0]!.seat.agentID).toBe(`drill-${held[0]!.seat.dn}`);
});

it('says how many phones it needs', () => {
  expect(() => castFor(stageOf(config('20000-20019')), { calls: 40, perSecond: 0.8 })).toThrow('40 calls need 46 phones that register, and the configuration has 20');
});
