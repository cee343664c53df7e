/** A cluster of containers: `docker compose` and what it can do to them. Lines between data centres are left alone. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { loadConfig } from '#config';
import type { Service } from '../machines/process-view.js';
import type { ClusterMember, FaultAction, Topology } from './port.js';

/** Runs `docker` with these arguments and answers its output. @throws Error with what it said */
export type Docker = (...args: readonly string[]) => Promise<string>;

interface Container {
  readonly service: string;
  readonly member: ClusterMember;
}

const START_MS = 120_000;
const LOOK_MS = 500;

export const docker: Docker = (...args) => new Promise((resolve, reject) => {
  execFile('docker', [...args], { maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`docker ${args.join(' ')}: ${stderr.trim() || error.message}`));
  });
});

export class ComposeCluster implements Topology {
  readonly kind = 'compose';
  readonly links = [];
  readonly #containers: readonly Container[];

  private constructor(private readonly file: string, readonly config: string, containers: readonly Container[], private readonly run: Docker) {
    this.#containers = containers;
  }

  /** `config` stands beside the compose file unless told otherwise. @throws Error when nothing of it runs */
  static async open(file: string, run: Docker = docker, config = join(dirname(file), 'compose/cluster.yaml')): Promise<ComposeCluster> {
    const services = (await run('compose', '-f', file, 'ps', '--status', 'running', '--services')).split('\n').filter((line) => line !== '');
    if (services.length === 0) throw new Error(`nothing of ${file} runs: docker compose -f ${file} up --wait`);
    return new ComposeCluster(file, config, containersOf(services, config), run);
  }

  get members(): readonly ClusterMember[] {
    return this.#containers.map(({ member }) => member);
  }

  refuses(action: FaultAction): string | undefined {
    if ('between' in action) return 'containers of both data centres share their network, so the line cannot be harmed: use npm run cluster for it';
    if (action.kind === 'startSkewed') return 'containers share the clock of their machine: use npm run cluster for it';
    return this.#containers.some(({ member }) => member.name === action.process) ? undefined : `there is no container ${action.process}`;
  }

  async perform(action: FaultAction): Promise<void> {
    const refusal = this.refuses(action);
    if (refusal !== undefined || 'between' in action) throw new Error(refusal);
    const { service } = this.#containers.find(({ member }) => member.name === action.process) as Container;
    switch (action.kind) {
      case 'kill': return void await this.#compose('kill', '--signal', 'SIGKILL', service);
      case 'terminate': return void await this.#compose('stop', service);
      case 'pause': return void await this.#compose('pause', service);
      case 'resume': return void await this.#compose('unpause', service);
      case 'start':
      case 'startSkewed':
        await this.#compose('start', service);
        return this.#healthy(service);
    }
  }

  #compose(...args: readonly string[]): Promise<string> {
    return this.run('compose', '-f', this.file, ...args);
  }

  async #healthy(service: string): Promise<void> {
    const untilMs = performance.now() + START_MS;
    for (;;) {
      const health = (await this.#compose('ps', '--format', '{{.Health}}', service)).trim();
      if (health === 'healthy' || health === '') return;
      if (performance.now() > untilMs) throw new Error(`${service} is ${health} ${START_MS / 1_000} s after its start`);
      await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    }
  }
}

/** A service is called as its application, in small letters with dashes; a server `nats-dc1-1`, `redis-dc1`. */
function containersOf(services: readonly string[], configFile: string): Container[] {
  const { config } = loadConfig(configFile);
  const applications = new Map(config.applications.flatMap((application) => {
    const processes = application.pair === undefined ? [application.name] : [application.pair.own.process, application.pair.other.process];
    return processes.map((name) => [serviceName(name), { name, application }] as const);
  }));
  return services.flatMap((service): Container[] => {
    const found = applications.get(service);
    if (found !== undefined) {
      const { type, geoLocation, name } = found.application;
      return [{ service, member: { name: found.name, serves: type === 'sip-server' ? 'node' : type as Service, dataCentre: geoLocation, application: name } }];
    }
    const [, kind, dataCentre] = /^(nats|redis|cassandra)-([^-]+)/.exec(service) ?? [];
    return kind === undefined || dataCentre === undefined ? [] : [{ service, member: { name: service, serves: kind as Service, dataCentre } }];
  });
}

const serviceName = (application: string): string => application.toLowerCase().replaceAll('_', '-');
