/** The composition root that every process shares: drivers by configuration, signals, exit status. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BucketKeeper, type Bus, type KeyValueStore, MemoryBus, MemoryKeyValueStore } from '#cluster';
import {
  type Application, type ApplicationType, busPlace, type ClusterConfig, ConfigError, loadConfig, processName, redactedConfig,
} from '#config';
import { type Clock, type Log, type Meter, SystemClock, SystemEntropy } from '#kernel';
import { type LeveledLog, type LogLevel, LOG_LEVELS, makeLog, PrometheusMeter } from '#observability';
import { LocalSipNetwork } from '#sip/transport';
import { TierHost } from './host.js';
import { LoopWatch } from './loop-watch.js';
import { type OpenStreamQueue, recorderDrivers } from './recorder-drivers.js';
import { configuredStores } from './stores.js';
import type { StartTier, TierPorts } from './tier.js';
import { hasWatchPort, startWatchPort } from './watch-port.js';

export interface ProcessOptions {
  readonly config: string;
  readonly listen: string | undefined;
  readonly app: string | undefined;
  readonly logLevel: LogLevel;
  /** Milliseconds by which the process' clock is wrong: for drills. */
  readonly clockOffsetMs: number;
}

/** How long a call may take to end once the process was asked to stop. Ctrl-C ends in under 5 s. */
const DRAIN_MS = 3_000;

export const USAGE = `  --config FILE     configuration (default config/laptop.yaml)
  --listen ADDRESS  bind every listener to this address instead of what the file says
  --app NAME        run this application only
  --log LEVEL       ${LOG_LEVELS.join(', ')} (default warn)`;

/** @throws Error when an argument is unknown, with the usage. */
export function processOptions(argv: readonly string[], defaultConfig: string): ProcessOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', default: defaultConfig },
      listen: { type: 'string' },
      app: { type: 'string' },
      log: { type: 'string', default: 'warn' },
      'clock-offset': { type: 'string', default: '0' },
    },
  });
  const logLevel = LOG_LEVELS.find((level) => level === values.log);
  if (logLevel === undefined) throw new Error(`--log ${values.log}: must be one of ${LOG_LEVELS.join(', ')}`);
  const clockOffsetMs = Number(values['clock-offset']);
  if (!Number.isInteger(clockOffsetMs)) throw new Error(`--clock-offset ${values['clock-offset']}: must be a whole number of milliseconds`);
  return { config: values.config, listen: values.listen, app: values.app, logLevel, clockOffsetMs };
}

export interface ClusterProcess {
  readonly config: ClusterConfig;
  readonly ports: TierPorts & { readonly log: LeveledLog; readonly meter: PrometheusMeter };
  readonly host: TierHost;
  /** Resolves with the exit status after a signal or `stop`. */
  readonly stopped: Promise<number>;
  stop(): void;
}

/**
 * Loads the configuration, connects the drivers, and answers a host for the tiers.
 *
 * @param prepare what takes long and needs no connection, such as loading code: a server gives up a client that stands still
 * @throws ConfigError, or an Error that names the server that cannot be reached
 */
export async function openProcess(options: ProcessOptions, prepare?: (config: ClusterConfig) => Promise<void>): Promise<ClusterProcess> {
  const { config, warnings } = loadConfig(options.config, options.listen);
  await prepare?.(config);
  const log = makeLog({ level: options.logLevel, destination: 'stderr' });
  for (const warning of warnings) log.warn(warning);
  log.info('effective configuration', { config: redactedConfig(config) });
  const clock = new SystemClock(options.clockOffsetMs);
  const meter = new PrometheusMeter();
  const loop = new LoopWatch(clock, meter);
  const drivers = await openDrivers(config, options.app, { clock, log, meter });
  const stores = await configuredStores(config, { clock, log, meter });
  const ports = {
    clock, entropy: new SystemEntropy(), log, meter, ...drivers, ...recorderDrivers(config, { clock, meter }, drivers.queue), stores,
    loop, sipNetwork: new LocalSipNetwork(), processReady: (): boolean => host.ready(),
  };
  const host: TierHost = new TierHost(config, ports);
  let finish: () => void = () => {};
  const asked = new Promise<void>((resolve) => { finish = resolve; });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, finish);
  process.on('unhandledRejection', (reason) => log.error('a promise was rejected and nobody looked', { reason: String(reason) }));
  loop.start();
  const stopped = asked.then(async () => {
    await host.stop(DRAIN_MS);
    loop.close();
    await ports.keyValues.close();
    await ports.bus.close();
    return 0;
  });
  return { config, ports, host, stopped, stop: finish };
}

interface DriverPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

interface Drivers {
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  /** Absent without NATS. */
  readonly queue?: OpenStreamQueue;
}

async function openDrivers(config: ClusterConfig, app: string | undefined, ports: DriverPorts): Promise<Drivers> {
  if (config.bus.driver === 'memory') {
    return { bus: new MemoryBus(ports), keyValues: new MemoryKeyValueStore(ports.clock, await openKeeper(config, ports.log)) };
  }
  const { servers, domain, remotes } = busPlace(config.bus, dataCentreOf(config, app));
  const { openNats } = await import('#cluster/nats');
  return openNats({ servers, remotes, ...ports, ...(domain === undefined ? {} : { domain }), ...(app === undefined ? {} : { name: app }) });
}

/** Call limits outlive the process that is the whole cluster. By name and address, so that two clusters from one file do not share them. */
async function openKeeper({ directory, switchName, applications }: ClusterConfig, log: Log): Promise<BucketKeeper | undefined> {
  const host = applications[0]?.host ?? '';
  const file = join(resolve(directory, 'state'), `${switchName.replaceAll(/[^\w.-]/g, '_')}@${host.replaceAll(':', '_')}`, 'limits.db');
  try {
    const { SqliteKeeper } = await import('#cluster/sqlite');
    return SqliteKeeper.open(file, 'limits-');
  } catch (error) {
    log.warn('rules of call limits are kept in memory alone and are gone with this process', { reason: (error as Error).message });
    return undefined;
  }
}

/**
 * Where the process runs: at its application, or where all applications are.
 *
 * @throws Error when the file has several data centres and the process does not say which application it is
 */
export function dataCentreOf(config: ClusterConfig, app: string | undefined): string {
  const known = [...new Set(config.applications.map(({ geoLocation }) => geoLocation))];
  if (app !== undefined) return applicationsOf(config, app)[0]!.geoLocation;
  if (known.length === 1 || config.bus.dataCentres.size === 0) return known[0] ?? '';
  throw new Error(`${config.file} has the data centres ${known.join(', ')}, and a process belongs to one of them: name its application by --app`);
}

/** `main` of an app that runs alone: the applications of its type, or the one that `--app` names. */
export async function runTier(type: ApplicationType, starts: readonly StartTier[], argv: readonly string[]): Promise<void> {
  try {
    const options = processOptions(argv, 'config/laptop.yaml');
    const running = await openProcess(options);
    for (const application of applicationsOf(running.config, options.app, type)) {
      if (type === 'sip-server' && application.pair !== undefined) {
        throw new Error(`${application.name} has a backup, so its tiers run in one process: npm start -- --app ${processName(application)}`);
      }
      await startApplication(running, application, starts);
    }
    console.log(`${type} ready`);
    // What is left then, a timer of an answer that will not come, must not hold the process.
    process.exit(await running.stopped);
  } catch (error) {
    reportAndFail(error);
  }
}

/** All tiers of one application, as half of a pair when it is one. */
export async function startApplication(running: ClusterProcess, application: Application, starts: readonly StartTier[]): Promise<void> {
  if (hasWatchPort(application)) await running.host.start(startWatchPort, application);
  if (application.pair === undefined) {
    for (const start of starts) await running.host.start(start, application);
    return;
  }
  await running.host.startPair(starts, application, (error) => {
    running.ports.log.error('a tier of the pair did not start; the other half has to do', { error: String(error) });
    process.exit(1);
  });
}

/**
 * The applications that a process runs: those of a type, or all; of them the one that `--app` names. A second half of a pair is
 * run by a process of its own, so only by its name.
 *
 * @throws Error that says which there are
 */
export function applicationsOf(config: ClusterConfig, name: string | undefined, type?: ApplicationType): readonly Application[] {
  const ofType = (application: Application): boolean => type === undefined || application.type === type;
  const nodes = config.applications.filter(ofType);
  const all = [...nodes, ...config.backups.filter(ofType)];
  const chosen = name === undefined ? nodes : all.filter((application) => processName(application) === name);
  if (chosen.length > 0) return chosen;
  const known = all.map(processName).join(', ') || 'none';
  const wanted = `${type === undefined ? '' : `${type} `}application${name === undefined ? '' : ` called ${name}`}`;
  throw new Error(`${config.file} has no ${wanted}; it has: ${known}`);
}

/** The message alone for what a person can mend, the stack for what is our fault. */
export function reportAndFail(error: unknown): void {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error(error instanceof Error ? `cordboard: ${error.message}` : String(error));
  process.exit(1);
}
