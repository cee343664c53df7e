import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config';
import { V8_FLAGS } from '#tier/v8-flags';
import { natsConfig } from './nats.js';
import { applicationWaves, blockOf, consolesOf, dataCentresOf } from './plan.js';
import { relayControl, relayPlan } from './relay.js';
import { cassandraLinks, cassandraNodes } from './servers.js';
import { addressTable } from './table.js';

const FILE = fileURLToPath(new URL('../../config/two-data-centres.yaml', import.meta.url));
const { config, warnings } = loadConfig(FILE);

describe('the plan of two data centres as local processes', () => {
  const dataCentres = dataCentresOf(config);

  it('reads its configuration without a warning, and spares no application', () => {
    expect(warnings).toEqual([]);
    const names = applicationWaves(config, 'node', 'main.js', 'warn').flat().map(({ name }) => name);
    const written = [...readFileSync(FILE, 'utf8').matchAll(/^ {2}(\w+_dc\d_\w+):/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual(written.sort());
  });

  it('starts whoever is asked before whoever asks', () => {
    const waves = applicationWaves(config, 'node', 'main.js', 'warn').map((wave) => wave.map(({ name }) => name).filter((name) => name.includes('dc1')));
    expect(waves.map((wave) => wave.sort())).toEqual([
      ['SIPS_dc1_1', 'VQ_dc1_1'], ['DNS_dc1_1', 'SIPP_dc1_1', 'SIPP_dc1_2', 'SIPS_dc1_1b', 'VQ_dc1_1b'], ['Console_dc1_1', 'Recorder_dc1_1', 'Router_dc1_1'],
    ]);
  });

  it('starts all that is ours with our options of V8, before the script', () => {
    const ours = [...applicationWaves(config, 'node', 'main.js', 'warn').flat(), relayPlan(dataCentres, relayControl(dataCentres) as string, 0)];
    expect(V8_FLAGS).toEqual(['--single-threaded-gc', '--heap-growing-percent=100']);
    for (const { args } of ours) expect([...args.slice(0, V8_FLAGS.length), args[V8_FLAGS.length]]).toEqual([...V8_FLAGS, expect.stringMatching(/\.m?js$/)]);
  });

  it('leads the leafnodes of the second data centre through the relay', () => {
    expect(dataCentres.map(({ nats }) => nats.hub)).toEqual([[], ['127.2.0.201:7422', '127.2.0.202:7422', '127.2.0.203:7422']]);
    const control = relayControl(dataCentres) as string;
    const nodes = cassandraNodes(config);
    expect(nodes.map(({ host, broadcast }) => [host, broadcast])).toEqual([['127.1.0.121', '127.2.0.210'], ['127.2.0.121', '127.1.0.210']]);
    const { args } = relayPlan(dataCentres, control, 50, cassandraLinks(nodes));
    expect(args.slice(V8_FLAGS.length + 1)).toEqual([
      '--control', '127.2.0.200:7100', '--delay', '50', '--block', '127.1.0.0/16', '--block', '127.2.0.0/16',
      '--link', 'nats-dc2-1=127.2.0.201:7422>127.1.0.101:7422', '--link', 'nats-dc2-2=127.2.0.202:7422>127.1.0.102:7422',
      '--link', 'nats-dc2-3=127.2.0.203:7422>127.1.0.103:7422',
      '--link', 'cassandra-dc1=127.2.0.210:7000>127.1.0.121:7000', '--link', 'cassandra-dc2=127.1.0.210:7000>127.2.0.121:7000',
    ]);
    expect(dataCentres.map(blockOf)).toEqual(['127.1.0.0/16', '127.2.0.0/16']);
  });

  it('gives each server its cluster and its domain', () => {
    const [{ nats: first }, { nats: second }] = dataCentres as [typeof dataCentres[0], typeof dataCentres[0]];
    const hub = natsConfig(first, first.servers[0]!, '/store');
    expect(hub).toContain('cluster { name: dc1, listen: "127.1.0.101:6222", routes: ["nats://127.1.0.102:6222", "nats://127.1.0.103:6222"] }');
    expect(hub).toContain('domain: dc1');
    expect(hub).toContain('leafnodes { listen: "127.1.0.101:7422"');
    expect(natsConfig(second, second.servers[2]!, '/store')).toContain('remotes: [{ urls: ["nats-leaf://127.2.0.201:7422"');
  });

  it('says where to reach what', () => {
    expect(consolesOf(config)).toEqual({ dc1: 'http://127.1.0.51:8080', dc2: 'http://127.2.0.51:8080' });
    expect(addressTable(config)).toMatch(/^SIP +127\.1\.0\.11:5060 127\.1\.0\.12:5060 +127\.2\.0\.11:5060 127\.2\.0\.12:5060$/m);
  });
});
