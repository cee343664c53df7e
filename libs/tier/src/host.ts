/** The tiers of one process: started together, asked by operators, drained and closed in reverse order. */
import type { Application, ClusterConfig } from '#config';
import { serveAdmin } from './admin.js';
import type { RunningTier, StartTier, TierPorts } from './tier.js';

export class TierHost {
  readonly #tiers: RunningTier[] = [];
  readonly #stopAdmin: (() => void)[] = [];

  constructor(private readonly config: ClusterConfig, private readonly ports: TierPorts) {}

  get tiers(): readonly RunningTier[] {
    return this.#tiers;
  }

  /** @throws what the tier threw; tiers started before stay, for `stop` to close. */
  async start(start: StartTier, application: Application): Promise<RunningTier> {
    const tier = await start(this.config, application, this.ports);
    this.#tiers.push(tier);
    this.#stopAdmin.push(serveAdmin(this.ports.bus, tier));
    return tier;
  }

  ready(): boolean {
    return this.#tiers.every((tier) => tier.ready());
  }

  /** New work is refused everywhere first, then what is live ends, then sockets close. */
  async stop(deadlineMs: number): Promise<void> {
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
