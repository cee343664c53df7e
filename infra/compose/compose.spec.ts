import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ClusterConfig, loadConfig, processName } from '#config';
import { V8_FLAGS } from '#tier/v8-flags';
import { parse } from 'yaml';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const load = (name: string): ClusterConfig => {
  const { config, warnings } = loadConfig(file(name));
  expect(warnings).toEqual([]);
  return config;
};
const processes = ({ applications, backups }: ClusterConfig) => [...applications, ...backups];

interface Service {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly networks: Readonly<Record<string, { readonly ipv4_address?: string } | null>>;
}

describe('the containers', () => {
  const config = load('cluster.yaml');
  const { services } = parse(readFileSync(file('../compose.yaml'), 'utf8'), { merge: true }) as { services: Record<string, Service> };

  it('run what runs as local processes', () => {
    const what = (each: ClusterConfig) => processes(each).map((application) => [processName(application), application.type, application.geoLocation]);
    expect(what(config)).toEqual(what(load('../../config/two-data-centres.yaml')));
    expect([...config.dns.keys()]).toEqual([...load('../../config/two-data-centres.yaml').dns.keys()]);
  });

  it('have one service for each application, at its address, with a port for its health check', () => {
    for (const application of processes(config)) {
      const name = processName(application);
      const service = services[name.toLowerCase().replaceAll('_', '-')];
      expect(service?.command).toEqual(['--app', name]);
      expect(service?.environment['HOST']).toBe(application.host);
      expect(service?.networks).toEqual({ [application.geoLocation]: {}, wan: { ipv4_address: application.host } });
      expect(application.ports.get('http')).toBe(8080);
    }
  });

  it('have the servers where the configuration looks for them', () => {
    for (const [dataCentre, { servers }] of config.bus.dataCentres) {
      const at = [1, 2, 3].map((n) => `nats://${services[`nats-${dataCentre}-${n}`]?.networks[dataCentre]?.ipv4_address}:4222`);
      expect(at).toEqual(servers);
      expect(config.stores.location.dataCentres.get(dataCentre)).toBe(`redis://${services[`redis-${dataCentre}`]?.networks[dataCentre]?.ipv4_address}:6379`);
    }
  });
});

it('the image starts Node with our options of V8, and compose leaves its entry as it is', () => {
  const [, entry] = /^ENTRYPOINT (.*)$/m.exec(readFileSync(file('../Dockerfile'), 'utf8')) ?? [];
  expect(JSON.parse(entry as string).slice(0, -2)).toEqual(['node', ...V8_FLAGS, 'dist/apps/cordboard/src/main.js']);
  expect(readFileSync(file('../compose.yaml'), 'utf8')).not.toContain('entrypoint:');
});

it('the settings of production size are in order', () => {
  expect(load('../../config/production.yaml').applications).not.toHaveLength(0);
});
