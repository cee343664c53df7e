/** A process that is half of a pair: its tiers run while it is primary, a standby stands for it while it is not (docs/specs/pairs.md). */
import { FencedBus, MembershipService, type MemberHeartbeat, STANDBY, subjects } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup, type PairPlace } from '#config';
import { serveAdmin } from '../admin.js';
import type { AdminCommands, RunningTier, StartTier, TierPorts } from '../tier.js';
import type { HalfLink } from './pair-link.js';
import type { PairProxies } from './pair-proxies.js';
import { PairService } from './pair-service.js';
import { ProxyReach } from './proxy-reach.js';
import type { OpenTerm } from './term.js';

export interface PairedNodeEvents {
  /** A tier did not start: the process is of no use as primary. */
  failed(error: unknown): void;
}

/** What a half has beside bus and KeyValue. */
export interface PairWays {
  proxies(): Promise<Pick<PairProxies, 'ask' | 'close'>>;
  /** To the other half; undefined where there is none. */
  link(): Promise<HalfLink | undefined>;
}

/** How long a switchover may take until the other half has taken over. */
const HAND_OVER_MS = 3_000;
/** How long a tier may take to free its sockets when its term is over. */
const CLOSE_MS = 2_000;

export class PairedNode {
  readonly #service: PairService;
  readonly #place: PairPlace;
  readonly #bootEpoch: number;
  #tiers: RunningTier[] = [];
  #stopAdmin: (() => void)[] = [];
  #stopStandbyAdmin: (() => void) | undefined;
  #bus: FencedBus | undefined;
  #standby: MembershipService<MemberHeartbeat> | undefined;
  /** Starting and closing one after the other. */
  #work: Promise<void> = Promise.resolve();
  #settled: () => void = () => {};
  #proxies: Pick<PairProxies, 'ask' | 'close'> | undefined;
  readonly #reach: ProxyReach | undefined;
  #onBackup: ((otherLeads: boolean) => void) | undefined;
  #stopping = false;

  constructor(
    private readonly config: ClusterConfig, private readonly application: Application, private readonly starts: readonly StartTier[],
    private readonly ports: TierPorts, private readonly ways: PairWays,
    private readonly events: PairedNodeEvents,
  ) {
    const { name, geoLocation, pair } = application;
    if (pair === undefined) throw new Error(`${name} is no half of a pair`);
    this.#place = pair;
    this.#bootEpoch = Math.floor(ports.clock.nowMs());
    const count = config.applications.filter((other) => other.type === 'sip-proxy' && other.geoLocation === geoLocation).length;
    const proxies: Pick<PairProxies, 'ask'> = { ask: (question, answered) => this.#proxies?.ask(question, answered) };
    const settings = { node: name, process: pair.own.process, isBackup: pair.isBackup, dataCentre: geoLocation, proxies: count };
    this.#service = new PairService(settings, { ...ports, proxies }, {
      onReach: (notice) => this.#reach?.heard(notice),
      onPrimary: (term) => this.#then(() => this.#startTiers(term)),
      onBackup: (otherLeads) => this.#lost(otherLeads),
      onFollowing: () => this.#settled(),
    });
    const options = new OptionLookup(config, application);
    if (options.flag('switchover-on-sipp-oos')) {
      const oosForceMs = options.number('oos-force') * 1_000;
      this.#reach = new ProxyReach(pair.own.process, subjects.pairSync(name), oosForceMs, { ...ports, proxies }, {
        isPrimary: () => this.#service.isPrimary, yieldRole: () => this.#service.switchover(),
      });
    }
    this.#meter();
  }

  get tiers(): readonly RunningTier[] {
    return this.#tiers;
  }

  /** As primary, whether its tiers take new work. */
  ready(): boolean {
    return !this.#stopping && this.#tiers.every((tier) => tier.ready());
  }

  /** Resolves when the half knows its role, and as primary when its tiers run. */
  async start(): Promise<void> {
    this.#standBy();
    const settled = new Promise<void>((resolve) => { this.#settled = resolve; });
    this.ways.link().then((link) => this.#linked(link), () => {});
    this.ways.proxies().then((proxies) => { this.#proxies = proxies; }, (error: unknown) => {
      this.ports.log.error('proxies cannot be asked about the pair', { node: this.application.name, error: String(error) });
    });
    this.#service.start();
    this.#reach?.start();
    await settled;
  }

  #linked(link: HalfLink | undefined): void {
    if (link === undefined) return;
    link.onMessage = (message) => this.#service.heard(message);
    this.#service.link = link;
  }

  /** Hands over to a backup that holds everything; otherwise drains. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#service.isPrimary) {
      const handed = this.#service.switchoverProblem() === undefined && await this.#handOver();
      if (!handed) await Promise.all(this.#tiers.map((tier) => tier.drain(deadlineMs).catch((error: unknown) => this.#failed(tier, error))));
    }
    this.#then(() => this.#closeTiers());
    await this.#work;
    this.#endStandby();
    this.#reach?.close();
    this.#service.close();
    this.#service.link?.close();
    await this.#proxies?.close();
  }

  /** @throws Error with a sentence: why not now */
  async switchover(): Promise<object> {
    const problem = this.#service.switchoverProblem();
    if (problem !== undefined) throw new Error(problem);
    const startedMs = this.ports.clock.nowMs();
    if (!await this.#handOver()) throw new Error('the other half did not take over in time; this one goes on');
    return { node: this.application.name, primary: this.#place.other.process, afterMs: Math.round(this.ports.clock.nowMs() - startedMs) };
  }

  #handOver(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.ports.clock.setTimer(HAND_OVER_MS + 500, () => done(false));
      const done = (handed: boolean): void => {
        timer.cancel();
        this.#onBackup = undefined;
        resolve(handed);
      };
      this.#onBackup = done;
      this.#service.switchover();
    });
  }

  get #commands(): AdminCommands {
    return {
      'pair show': () => this.#describe(),
      switchover: ({ node }) => {
        if (node !== this.application.name) throw new Error(`this is ${this.application.name}; ask for "switchover ${this.application.name}"`);
        return this.switchover();
      },
    };
  }

  #describe(): object {
    return { node: this.application.name, process: this.#place.own.process, ...this.#service.describe() };
  }

  // ---- terms

  /** What was begun is finished first. */
  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => this.events.failed(error));
  }

  async #startTiers(term: OpenTerm): Promise<void> {
    const { bus, meter } = this.ports;
    // Lost again while something before it was being closed.
    if (!this.#service.isPrimary) return;
    const fenced = new FencedBus(bus, this.#service, meter);
    this.#bus = fenced;
    const ports: TierPorts = { ...this.ports, bus: fenced, pair: term.term, replica: (tier) => term.replica(tier), fence: this.#service };
    for (const start of this.starts) {
      const tier = await start(this.config, this.application, ports);
      this.#tiers.push(tier);
      const admin = this.#tiers.length === 1 ? { ...tier.admin, ...this.#commands } : tier.admin;
      this.#stopAdmin.push(serveAdmin(bus, { ...tierView(tier), admin }));
    }
    this.#endStandby();
    this.#settled();
  }

  #lost(otherLeads: boolean): void {
    this.#onBackup?.(otherLeads);
    if (this.#standby === undefined && !this.#stopping) this.#standBy();
    this.#then(() => this.#closeTiers());
  }

  async #closeTiers(): Promise<void> {
    for (const stop of this.#stopAdmin.splice(0)) stop();
    const tiers = this.#tiers;
    this.#tiers = [];
    for (const tier of [...tiers].reverse()) {
      await this.#within(CLOSE_MS, tier.close()).catch((error: unknown) => this.#failed(tier, error));
    }
    await this.#bus?.close();
    this.#bus = undefined;
  }

  #within(ms: number, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.ports.clock.setTimer(ms, () => reject(new Error(`not closed within ${ms} ms`)));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #failed(tier: RunningTier, error: unknown): void {
    this.ports.log.error('a tier did not stop cleanly', { instance: tier.instance, error: String(error) });
  }

  // ---- the standby

  /** Heard as long as this half runs no tiers: the node is not gone. */
  #standBy(): void {
    const { name, geoLocation } = this.application;
    const instance = `${this.#place.own.process}/${STANDBY}`;
    const standby = new MembershipService<MemberHeartbeat>(this.ports, () => ({
      instance, node: name, tier: STANDBY, dataCentre: geoLocation, role: 'backup', bootEpoch: this.#bootEpoch, draining: false,
      load: this.#service.describe().entries,
    }));
    standby.start();
    this.#standby = standby;
    this.#stopStandbyAdmin = serveAdmin(this.ports.bus, {
      instance, listening: [], admin: this.#commands, ready: () => true, drain: () => Promise.resolve(), close: () => Promise.resolve(),
    });
  }

  #endStandby(): void {
    this.#standby?.leave();
    this.#standby = undefined;
    this.#stopStandbyAdmin?.();
    this.#stopStandbyAdmin = undefined;
  }

  #meter(): void {
    const { meter } = this.ports;
    const labels = { node: this.application.name };
    const service = this.#service;
    meter.gauge('pair_primary', '1 while this half is primary', () => (service.isPrimary ? 1 : 0), labels);
    meter.gauge('pair_epoch', 'Term of the pair', () => service.describe().epoch, labels);
    meter.gauge('pair_switchovers', 'How often this half took over', () => service.switchovers, labels);
    meter.gauge('pair_doubts', 'How often the term of this half was unproven for a while', () => service.doubts, labels);
    meter.gauge('pair_withheld', 'Messages that waited for a proof of the term', () => service.withheld, labels);
    meter.gauge('pair_replication_lag', 'Frames that the backup has not acknowledged; -1 without one', () => Number(service.describe().lag ?? -1), labels);
    meter.gauge('pair_entries', 'Entries that this half holds', () => service.describe().entries, labels);
    meter.gauge('pair_bytes', 'Their size at the primary', () => Number(service.describe().bytes ?? 0), labels);
  }
}

/** A tier may use `this` in what it answers, so its members are not copied. */
function tierView(tier: RunningTier): Omit<RunningTier, 'admin'> {
  return {
    instance: tier.instance, listening: tier.listening, ready: () => tier.ready(), drain: (ms) => tier.drain(ms), close: () => tier.close(),
  };
}
