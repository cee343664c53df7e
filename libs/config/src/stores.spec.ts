import { ConfigError } from './errors.js';
import { parseConfig } from './load.js';
import type { ClusterConfig } from './model.js';
import { limiterWarning } from './stores.js';
import { redactedConfig } from './redact.js';

const read = (stores: string): ClusterConfig => parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  P1: { type: sip-proxy, geo-location: dc1, host: 127.0.0.1, ports: { sip: 5060 } }
  P2: { type: sip-proxy, geo-location: dc2, host: 127.0.0.2, ports: { sip: 5060 } }
  R3: { type: router, geo-location: dc3, host: 127.0.0.3 }
  H1: { type: recorder, geo-location: dc1, host: 127.0.0.4 }
stores: ${stores}
`, 'stores.yaml').config;

const problemsOf = (stores: string): string => {
  try {
    read(stores);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
};

const BOTH = 'dc1: "redis://:top-secret@192.0.2.1:6379/2", dc2: "rediss://198.51.100.1:6379"';

describe('stores', () => {
  it('are in this process, history in one file, when the file does not say more', () => {
    expect(read('{}').stores).toEqual({
      location: { driver: 'memory', dataCentres: new Map() },
      limiter: { driver: 'memory', dataCentres: new Map() },
      history: { driver: 'sqlite', file: 'history.sqlite' },
    });
  });

  it('have a Redis in each data centre', () => {
    const { location, limiter } = read(`{ location: { driver: redis, data-centres: { ${BOTH} } } }`).stores;
    expect(location).toEqual({
      driver: 'redis', dataCentres: new Map([['dc1', 'redis://:top-secret@192.0.2.1:6379/2'], ['dc2', 'rediss://198.51.100.1:6379']]),
    });
    expect(limiter.driver).toBe('memory');
  });

  it('have nodes of one Cassandra in each data centre', () => {
    const { history } = read(`{ history: { driver: cassandra, user: u, password: top-secret, data-centres: {
      dc1: { contact-points: ["192.0.2.1", "192.0.2.2:9142"], replicas: 3 }, dc2: { contact-points: [node.example] } } } }`).stores;
    expect(history).toEqual({
      driver: 'cassandra', keyspace: 'cordboard', user: 'u', password: 'top-secret',
      dataCentres: new Map([
        ['dc1', { contactPoints: ['192.0.2.1', '192.0.2.2:9142'], replicas: 3 }], ['dc2', { contactPoints: ['node.example'], replicas: 1 }],
      ]),
    });
  });

  it('show no password', () => {
    const config = read(`{ location: { driver: redis, data-centres: { ${BOTH} } }, history: {
      driver: cassandra, user: u, password: top-secret, data-centres: { dc1: { contact-points: [a] } } } }`);
    expect(JSON.stringify(redactedConfig(config))).not.toContain('top-secret');
    expect(redactedConfig(config)).toMatchObject({ stores: { location: 'redis', limiter: 'memory', history: 'cassandra' } });
    expect(problemsOf('{ location: { driver: redis, data-centres: { dc1: "redis:/:top-secret@x" } } }')).not.toContain('top-secret');
  });

  it.each([
    ['a proxy without a Redis', '{ location: { driver: redis, data-centres: { dc1: "redis://a:1" } } }', /stores\.location\.data-centres: applications have the geo-location dc2; add its server here/],
    ['servers that nobody uses', `{ limiter: { data-centres: { ${BOTH} } } }`, /stores\.limiter\.driver: servers are given: the driver must be redis/],
    ['a URL that is none', '{ location: { driver: redis, data-centres: { dc1: "192.0.2.1:6379" } } }', /stores\.location\.data-centres\.dc1: must be redis:\/\/\[user:password@\]host:port/],
    ['an unknown driver', '{ location: { driver: etcd } }', /stores\.location\.driver: .*"memory"\|"redis"/],
    ['an unknown history', '{ history: { driver: oracle } }', /stores\.history/],
    ['no node', '{ history: { driver: cassandra, data-centres: { dc1: { contact-points: [] } } } }', /dc1\.contact-points: needs at least one node, host:port/],
    ['a recorder without a Cassandra', '{ history: { driver: cassandra, data-centres: { dc2: { contact-points: [a] } } } }', /stores\.history\.data-centres: applications have the geo-location dc1/],
    ['no data centre', '{ history: { driver: cassandra, data-centres: {} } }', /stores\.history\.data-centres: needs the contact-points of at least one/],
    ['a keyspace with a quote', `{ history: { driver: cassandra, keyspace: "a'b", data-centres: {} } }`, /stores\.history\.keyspace: must be 1 to 48/],
    ['a misspelt key', '{ locations: {} }', /stores\.locations: is not known here/],
  ])('%s is refused with what to change', (_name, stores, expected) => {
    expect(problemsOf(stores)).toMatch(expected);
  });
});

describe('a limiter store', () => {
  const warningOf = (stores: string, driver: 'nats' | 'memory' = 'nats'): string | undefined =>
    limiterWarning({ ...read(stores), bus: { ...read(stores).bus, driver } });
  const at = (dc1: string, dc2: string): string => `{ limiter: { driver: redis, data-centres: { dc1: "redis://${dc1}:6379", dc2: "redis://${dc2}:6379" } } }`;

  it('may be one server for all data centres, and counts for all then', () => {
    expect(read(at('192.0.2.1', '192.0.2.1')).stores.limiter.dataCentres.get('dc2')).toBe('redis://192.0.2.1:6379');
    expect(warningOf(at('192.0.2.1', '192.0.2.1'))).toBeUndefined();
  });

  it('counts for one data centre, or for one process, and says so', () => {
    expect(warningOf(at('192.0.2.1', '192.0.2.2'))).toMatch(/servers differ, so each data centre counts alone/);
    expect(warningOf('{}')).toMatch(/with the driver memory each process counts alone, and 2 applications count calls: give the driver redis/);
    expect(warningOf('{}', 'memory')).toBeUndefined();
  });
});
