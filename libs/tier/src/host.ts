/** The tiers of one process: started together, asked by operators, drained and closed in reverse order. */
import type { Application, ClusterConfig } from '#config';
import { serveAdmin } from './admin.js';
import { PairLink } from './pair/pair-link.js';
import { PairProxies } from './pair/pair-proxies.js';
import { PairedNode, type PairWays } from './pair/paired-node.js';
import type { RunningTier, StartTier, TierPorts } from './tier.js';

export class TierHost {
  readonly #tiers: RunningTier[] = [];
  readonly #stopAdmin: (() => void)[] = [];
  readonly #pairs: PairedNode[] = [];

  constructor(private readonly config: ClusterConfig, private readonly ports: TierPorts) {}

  get tiers(): readonly RunningTier[] {
    return [...this.#tiers, ...this.#pairs.flatMap(({ tiers }) => tiers)];
  }

  /** @throws what the tier threw; tiers started before stay, for `stop` to close. */
  async start(start: StartTier, application: Application): Promise<RunningTier> {
    const tier = await start(this.config, application, this.ports);
    this.#tiers.push(tier);
    this.#stopAdmin.push(serveAdmin(this.ports.bus, tier));
    return tier;
  }

  /** Half of a pair: its tiers run while it is primary. Resolves when it knows its role; `failed` hears of a later start that went wrong. */
  async startPair(starts: readonly StartTier[], application: Application, failed: (error: unknown) => void): Promise<void> {
    let refuse: (error: unknown) => void = failed;
    const { pair: place } = application;
    const ways: PairWays = {
      proxies: () => PairProxies.open(this.config, application, this.ports),
      link: () => (place === undefined ? Promise.resolve(undefined) : PairLink.open(place, this.ports.log)),
    };
    const pair = new PairedNode(this.config, application, starts, this.ports, ways, { failed: (error) => refuse(error) });
    this.#pairs.push(pair);
    await new Promise<void>((resolve, reject) => {
      refuse = reject;
      pair.start().then(resolve, reject);
    });
    refuse = failed;
  }

  ready(): boolean {
    return this.#tiers.every((tier) => tier.ready()) && this.#pairs.every((pair) => pair.ready());
  }

  /** New work is refused everywhere first, then what is live ends, then sockets close. */
  async stop(deadlineMs: number): Promise<void> {
    await Promise.all(this.#pairs.map((pair) => pair.stop(deadlineMs)));
    await Promise.all(this.#tiers.map((tier) => tier.drain(deadlineMs).catch((error: unknown) => this.#failed(tier, error))));
    for (const stop of this.#stopAdmin) stop();
    for (const tier of [...this.#tiers].reverse()) {
      await tier.close().catch((error: unknown) => this.#failed(tier, error));
    }
  }

  #failed(tier: RunningTier, error: unknown): void {
    this.ports.log.error('a tier did not stop cleanly', { instance: tier.instance, error: String(error) });
  }
}
