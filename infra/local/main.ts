/** `npm run cluster`: the data centres of a configuration as processes of this machine, with the servers behind them. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '#config';
import { openControl } from './control.js';
import { applicationWaves, consolesOf, dataCentresOf, type ProcessPlan } from './plan.js';
import { relayControl, relayPlan } from './relay.js';
import { cassandraLinks, cassandraNodes, cassandraPlans, natsPlans, redisPlans } from './servers.js';
import { endLeftovers, writeState } from './state.js';
import { Supervisor } from './supervisor.js';
import { addressTable } from './table.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ENTRY = join(ROOT, 'dist/apps/cordboard/src/main.js');

const USAGE = `npm run cluster -- [options]

  --config FILE    configuration (default config/two-data-centres.yaml)
  --state FOLDER   state file, logs and stores (default .cache/cluster)
  --without NAME   leaves out a kind of server: redis, cassandra
  --delay MS       of the line between data centres, each way (default 0)
  --no-restart     a process that dies stays dead
  --log LEVEL      of the applications (default warn)`;

/** Servers that a topology can do without. */
const OPTIONAL = ['redis', 'cassandra'];

interface Options {
  readonly config: string;
  readonly folder: string;
  readonly delayMs: number;
  readonly restart: boolean;
  readonly without: ReadonlySet<string>;
  readonly logLevel: string;
}

function optionsOf(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: join(ROOT, 'config/two-data-centres.yaml') }, state: { type: 'string', default: join(ROOT, '.cache/cluster') },
      delay: { type: 'string', default: '0' },
      without: { type: 'string', multiple: true, default: [] }, 'no-restart': { type: 'boolean', default: false }, log: { type: 'string', default: 'warn' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const delayMs = Number(values.delay);
  if (!(delayMs >= 0)) throw new Error(`--delay ${values.delay}: must be milliseconds`);
  const unknown = values.without.find((name) => !OPTIONAL.includes(name));
  if (unknown !== undefined) throw new Error(`--without ${unknown}: must be one of ${OPTIONAL.join(', ')}`);
  return {
    config: resolve(values.config), folder: resolve(values.state), delayMs, restart: !values['no-restart'],
    without: new Set(values.without), logLevel: values.log,
  };
}

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const { folder } = options;
  const { config, warnings } = loadConfig(options.config);
  for (const warning of warnings) say(warning);
  if (config.bus.dataCentres.size === 0) throw new Error(`${options.config}: needs bus.data-centres with the NATS servers of each`);
  const stateFile = join(folder, 'state.json');
  mkdirSync(folder, { recursive: true });
  const left = endLeftovers(stateFile, folder);
  if (left > 0) say(`ended ${left} processes that an earlier run left behind`);
  const logs = join(folder, 'logs');
  for (const stale of [logs, join(folder, 'servers')]) rmSync(stale, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });

  const dataCentres = dataCentresOf(config);
  let ready = false;
  const supervisor = new Supervisor({ logs, restart: options.restart, say, onChange: () => save() });
  const control = await openControl(supervisor);
  const relay = relayControl(dataCentres);
  const save = (): void => writeState(stateFile, {
    pid: process.pid, config: config.file, ready, control: control.url, ...(relay === undefined ? {} : { relay: { control: `http://${relay}` } }),
    consoles: consolesOf(config), logs,
    processes: supervisor.processes.map(({ plan: { name, kind, dataCentre, application }, pid, restarts }) => ({
      name, kind, dataCentre, pid, restarts, ...(application === undefined ? {} : { application }),
    })),
  });
  const asked = new Promise<number>((stop) => { for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(0)); });
  const servers = join(folder, 'servers');
  const nodes = options.without.has('cassandra') ? [] : cassandraNodes(config);
  const slow = await cassandraPlans(nodes, servers);
  const waves: [string, readonly ProcessPlan[]][] = [
    ['line between the data centres', relay === undefined ? [] : [relayPlan(dataCentres, relay, options.delayMs, cassandraLinks(nodes))]],
    ['NATS', await natsPlans(dataCentres, servers)],
    ['Redis', options.without.has('redis') ? [] : await redisPlans(config, servers)],
    ...applicationWaves(config, process.execPath, ENTRY, options.logLevel).map((wave): [string, ProcessPlan[]] => ['applications', wave]),
  ];
  const startedMs = performance.now();
  const started = (async () => {
    const start = async (what: string, plans: readonly ProcessPlan[]): Promise<void> => {
      if (plans.length === 0) return;
      await supervisor.start(plans);
      say(`${what}: ${plans.map(({ name }) => name).join(', ')} (${seconds(startedMs)})`);
    };
    const [line, ...others] = waves as [typeof waves[0], ...typeof waves];
    await start(...line);
    // Cassandra takes as long as all the others together, and nobody needs it to start. Two nodes that begin at once may begin as two clusters.
    const history = (async () => { for (const node of slow) await start('Cassandra', [node]); })();
    history.catch(() => {});
    for (const wave of others) await start(...wave);
    await history;
    ready = true;
    save();
    console.log(addressTable(config));
    console.log('cluster ready');
  })();
  const status = await Promise.race([asked, started.then(() => asked, (error: Error) => {
    say(error.message);
    return 1;
  })]);
  say('stopping');
  await supervisor.stop();
  control.close();
  rmSync(stateFile, { force: true });
  return status;
}

function say(line: string): void {
  console.error(`cordboard: ${line}`);
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`;

main(process.argv.slice(2)).then((status) => process.exit(status), (error: unknown) => {
  say(error instanceof ConfigError || error instanceof Error ? error.message : String(error));
  process.exit(1);
});
