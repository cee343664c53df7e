/** Two data centres, two proxies each, whose call limits are counted in one Redis: what suites of limits act on. */
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { RedisLimiterStore } from '#store/redis';
import { Redis } from 'ioredis';
import { Consoles } from '../../apps/drill/src/load/console.js';
import { LocalProcesses } from '../../apps/drill/src/topology/local-processes.js';
import { Carrier, type Placed } from './carrier.js';
import { type LightCluster, type LightWishes, startLightCluster } from './light-cluster.js';
import { LimitsApi } from './limits-api.js';
import { QUEUES } from './limits-round.js';

/** The shortest there is: what a process that died leaves behind counts for so long. */
export const LEASE_S = 5;

interface ListedCall {
  readonly connID: string;
  readonly dnis: string;
}

export class LimitsCluster {
  private constructor(
    private readonly cluster: LightCluster, readonly api: LimitsApi, readonly processes: LocalProcesses, readonly carriers: readonly Carrier[],
    private readonly store: RedisLimiterStore, private readonly probe: Redis, private readonly consoles: Consoles,
  ) {}

  static async start(wishes: Partial<LightWishes> = {}): Promise<LimitsCluster> {
    const cluster = await startLightCluster({ phones: 10, limiter: true, queues: QUEUES, options: { 'limiter-lease': LEASE_S }, ...wishes });
    const { dc1, dc2 } = cluster.blocks;
    const store = new RedisLimiterStore({ url: cluster.limiter }, { clock: new SystemClock(), log: silentLog, meter: new CountingMeter() });
    const probe = new Redis(cluster.limiter);
    probe.on('error', () => {});
    await store.connected();
    return new LimitsCluster(
      cluster, new LimitsApi(`http://${dc1}.51:8080`), new LocalProcesses(cluster.stateFile),
      [await Carrier.open(`${dc1}.90`), await Carrier.open(`${dc2}.90`)],
      store, probe, new Consoles([{ host: `${dc1}.51`, port: 8080 }], undefined),
    );
  }

  /** Two of each data centre; the n-th is of the data centre of the carrier `n % 2`. */
  get proxies(): readonly string[] {
    const { dc1, dc2 } = this.cluster.blocks;
    return [`${dc1}.11:5060`, `${dc2}.11:5060`, `${dc1}.12:5060`, `${dc2}.12:5060`];
  }

  /** Through the n-th proxy, from the carrier of its data centre. */
  place(called: string, n: number): Promise<Placed> {
    const proxy = n % this.proxies.length;
    return this.carriers[proxy % 2]!.place(called, this.proxies[proxy]!);
  }

  /** Calls at each counter, as the store counts them. */
  usage(counters: readonly string[]): Promise<readonly number[]> {
    return this.store.usage(counters);
  }

  /** Records of calls in the store. */
  async records(): Promise<number> {
    return (await this.probe.keys('cb:lim:r:*')).length;
  }

  /** Folder in which that Redis keeps what it has. */
  dataOf(redis: string): string {
    return `${this.cluster.servers}/${redis}`;
  }

  /** All that session controllers have. */
  async calls(): Promise<readonly ListedCall[]> {
    const answers = await this.consoles.command('calls list');
    return answers.flatMap(({ result }) => (result?.['calls'] ?? []) as ListedCall[]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.carriers.map((carrier) => carrier.close()));
    this.probe.disconnect();
    await this.store.close();
    await this.cluster.stop();
  }
}
