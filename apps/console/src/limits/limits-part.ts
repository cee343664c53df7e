/** The call limits as a part of the console: what reads, changes and counts them. */
import type { MembershipService } from '#cluster';
import type { Application, ClusterConfig } from '#config';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import type { LimiterStore } from '#store';
import type { Heartbeat } from '#telephony';
import type { TierPorts } from '#tier';

export class LimitsPart {
  readonly repository: LimitsRepository;
  readonly changes: LimitsChanges;

  private constructor(
    readonly store: LimiterStore | null, config: ClusterConfig, application: Application, ports: TierPorts, membership: MembershipService<Heartbeat>,
  ) {
    const dataCentres = [...new Set(config.applications.map(({ geoLocation }) => geoLocation))];
    this.repository = new LimitsRepository({ dataCentre: application.geoLocation, dataCentres }, ports);
    const proxies = (): string[] => membership.members('sip-proxy').map(({ instance }) => instance);
    this.changes = new LimitsChanges(this.repository, application.serverId, { ...ports, proxies });
  }

  static async open(config: ClusterConfig, application: Application, ports: TierPorts, membership: MembershipService<Heartbeat>): Promise<LimitsPart> {
    const store = await ports.stores?.limiter(application.geoLocation) ?? null;
    return new LimitsPart(store, config, application, ports, membership);
  }

  start(): void {
    this.repository.start();
    this.changes.start();
  }

  async close(): Promise<void> {
    this.changes.close();
    this.repository.close();
    await this.store?.close();
  }
}
