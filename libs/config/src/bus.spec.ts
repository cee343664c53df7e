import { busPlace } from './bus.js';
import { ConfigError } from './errors.js';
import { parseConfig } from './load.js';
import type { ClusterConfig } from './model.js';

const read = (bus: string): ClusterConfig => parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  P1: { type: sip-proxy, geo-location: dc1, host: 127.0.0.1, ports: { sip: 5060 } }
  P2: { type: sip-proxy, geo-location: dc2, host: 127.0.0.2, ports: { sip: 5060 } }
bus: ${bus}
`, 'bus.yaml').config;

const problemsOf = (bus: string): string => {
  try {
    read(bus);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
};

const SITES = 'dc1: { servers: ["nats://192.0.2.1:4222"] }, dc2: { servers: ["nats://198.51.100.1:4222", "nats://198.51.100.2:4222"], domain: far }';

describe('a bus with servers in each data centre', () => {
  it('gives a process its own servers and domain, and the domains of the others', () => {
    const { bus } = read(`{ driver: nats, data-centres: { ${SITES} } }`);
    const near = { servers: ['nats://192.0.2.1:4222'], domain: 'dc1' };
    const far = { servers: ['nats://198.51.100.1:4222', 'nats://198.51.100.2:4222'], domain: 'far' };
    expect(busPlace(bus, 'dc1')).toEqual({ ...near, remotes: new Map([['dc2', far]]) });
    expect(busPlace(bus, 'dc2')).toEqual({ ...far, remotes: new Map([['dc1', near]]) });
  });

  it('is without a domain when one cluster of servers serves all', () => {
    const { bus } = read('{ driver: nats, servers: ["nats://192.0.2.1:4222"] }');
    expect(busPlace(bus, 'dc2')).toEqual({ servers: ['nats://192.0.2.1:4222'], domain: undefined, remotes: new Map() });
  });

  it.each([
    ['a data centre without servers', '{ driver: nats, data-centres: { dc1: { servers: ["nats://192.0.2.1:4222"] } } }', /bus\.data-centres: applications have the geo-location dc2; add its servers here/],
    ['an empty list', '{ driver: nats, data-centres: { dc1: { servers: [] } } }', /bus\.data-centres\.dc1\.servers: needs at least one server/],
    ['both spellings', `{ driver: nats, servers: ["nats://192.0.2.9:4222"], data-centres: { ${SITES} } }`, /bus\.servers: data-centres name the servers of each; remove this line/],
    ['one domain for two', `{ driver: nats, data-centres: { ${SITES.replace('far', 'dc1')} } }`, /each data centre needs a JetStream domain of its own/],
    ['an address that is none', '{ driver: nats, data-centres: { dc1: { servers: ["192.0.2.1"] } } }', /bus\.data-centres\.dc1\.servers\.0: must be nats:\/\/host:port/],
  ])('%s is refused with what to change', (_name, bus, expected) => {
    expect(problemsOf(bus)).toMatch(expected);
  });
});
