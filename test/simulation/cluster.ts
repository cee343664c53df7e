/** A whole cluster in a world: the tiers, and around them phones, desktops, monitors, a carrier and a router. */
import type { ClusterConfig } from '#config';
import type { Target } from '#sip';
import { MembershipService } from '#cluster';
import { type SeededEntropy, SimPair, type SimProcess, type World } from '#simulation';
import type { Heartbeat } from '#telephony';
import { Desktop, type DesktopHabits } from './actors/desktop.js';
import { Monitor } from './actors/monitor.js';
import { Phone } from './actors/phone.js';
import { addressOf } from './actors/tlib-client.js';
import { UserAgent } from './actors/user-agent.js';
import { ACCESS_POINT, applicationOf, CARRIER, dnOf, passwordOf, type SwitchShape, switchOf } from './switch.js';
import {
  type NodeProcess, nodeProcess, type ProxyProcess, proxyProcess, type RouterProcess, routerProcess, type SimCallLimits, type VqProcess, vqProcess,
} from './tiers.js';

export interface ClusterShape extends SwitchShape {
  readonly agents: number;
  readonly router: boolean;
  readonly monitors: boolean;
  readonly habits: DesktopHabits;
  /** Each node has another half that stands by, and goes on when the node is started again. */
  readonly paired?: boolean;
}

/** Until heartbeats were heard, Routing Points shared out, phones registered and agents ready. */
const SETTLE_MS = 15_000;

export class SimCluster {
  readonly phones: Phone[] = [];
  readonly desktops: Desktop[] = [];
  readonly monitors: Monitor[] = [];
  readonly config: ClusterConfig;
  carrier!: UserAgent;

  private constructor(readonly world: World, readonly shape: ClusterShape, readonly limits: SimCallLimits | undefined) {
    this.config = switchOf(shape);
  }

  /** Running, registered, logged in, ready. */
  static async start(world: World, shape: ClusterShape, limits?: SimCallLimits): Promise<SimCluster> {
    const cluster = new SimCluster(world, shape, limits);
    await cluster.#startTiers();
    // Proxies find their servers.
    await world.advance(50);
    await cluster.#startAround();
    await world.until(() => cluster.desktops.every(({ agent }) => agent === 'Ready'), SETTLE_MS);
    return cluster;
  }

  /** Names of the processes of the switch, which may be paused. */
  get serverNames(): string[] {
    const { proxies, nodes } = this.shape;
    return [...names('P', proxies), ...names('N', nodes), ...names('V', this.#dataCentres)];
  }

  /** Those that run. */
  get proxies(): ProxyProcess[] {
    return this.#running('P', this.shape.proxies);
  }

  get nodes(): NodeProcess[] {
    return this.#running('N', this.shape.nodes);
  }

  get vqs(): VqProcess[] {
    return this.#running('V', this.#dataCentres);
  }

  get routers(): RouterProcess[] {
    return this.#running('R', this.#dataCentres);
  }

  /** All that a cut of that data centre's links is about. */
  machinesOf(dataCentre: string): string[] {
    const servers = [...this.serverNames, ...this.shape.router ? names('R', this.#dataCentres) : []];
    return [...servers.filter((name) => applicationOf(this.config, name).geoLocation === dataCentre), `kv ${dataCentre}`];
  }

  get dataCentres(): string[] {
    return names('dc', this.#dataCentres);
  }

  get #dataCentres(): number {
    return this.shape.dataCentres ?? 1;
  }

  #running<P extends SimProcess>(letter: string, count: number): P[] {
    return names(letter, count).flatMap((name) => {
      const process = this.world.process(name) as P | undefined;
      return process === undefined ? [] : [process];
    });
  }

  phone(dn: string): Phone {
    return this.phones.find((phone) => phone.dn === dn) as Phone;
  }

  get proxyTargets(): Target[] {
    return this.dataCentres.flatMap((dataCentre) => this.proxiesOf(dataCentre));
  }

  proxiesOf(dataCentre: string): Target[] {
    const applications = names('P', this.shape.proxies).map((name) => applicationOf(this.config, name));
    return applications.filter(({ geoLocation }) => geoLocation === dataCentre)
      .map(({ host, ports }) => ({ transport: 'udp', host, port: ports.get('sip') as number }));
  }

  get random(): SeededEntropy {
    return this.world.entropy;
  }

  async #startTiers(): Promise<void> {
    const { world, config, shape, limits } = this;
    for (const name of names('N', shape.nodes)) {
      await world.start(name, nodeProcess(config, applicationOf(config, name), shape.paired === true ? new SimPair() : undefined, limits));
      if (shape.paired === true) await this.#startStandby(name);
    }
    for (const name of names('P', shape.proxies)) await world.start(name, proxyProcess(config, applicationOf(config, name), limits));
    for (const name of names('V', this.#dataCentres)) await world.start(name, vqProcess(config, applicationOf(config, name), limits));
  }

  async #startStandby(node: string): Promise<void> {
    const { geoLocation } = applicationOf(this.config, node);
    await this.world.start(`${node} standby`, (ports) => {
      const membership = new MembershipService<Heartbeat>(ports, () => ({
        instance: `${node}/standby`, node, tier: 'standby', dataCentre: geoLocation, role: 'backup', bootEpoch: 1, draining: false, load: 0,
      }));
      membership.start();
      return { close: () => membership.close() };
    });
  }

  async #startAround(): Promise<void> {
    const { world, shape } = this;
    this.carrier = await world.start('carrier', (ports) => new UserAgent(ports, {
      user: 'carrier', host: CARRIER.host, port: CARRIER.port, proxies: this.proxyTargets, accessPoint: ACCESS_POINT,
    }));
    for (let i = 0; i < shape.agents; i += 1) await this.#startAgent(dnOf(i), i);
    if (shape.monitors) {
      for (const name of names('N', shape.nodes)) {
        this.monitors.push(await world.start(`monitor ${name}`, (ports) => new Monitor(ports, name, this.#port(name, 'SmartProxy'))));
      }
      for (const monitor of this.monitors) await this.#whileTimePasses(monitor.start());
    }
    if (!shape.router) return;
    for (const name of names('R', this.#dataCentres)) await world.start(name, routerProcess(this.config, applicationOf(this.config, name)));
  }

  async #startAgent(dn: string, index: number): Promise<void> {
    const dataCentre = this.dataCentres[index % this.#dataCentres] as string;
    const phone = await this.world.start(`phone ${dn}`, (ports) => new Phone(ports, {
      user: dn, host: `10.0.8.${index + 1}`, port: 5060, proxies: this.proxiesOf(dataCentre), accessPoint: ACCESS_POINT, password: passwordOf(dn),
    }));
    this.phones.push(phone);
    phone.register();
    const node = `N${(index % this.shape.nodes) + 1}`;
    const desktop = await this.world.start(`desktop ${dn}`, (ports) => new Desktop(ports, dn, this.#port(node, 'TCport'), this.shape.habits));
    this.desktops.push(desktop);
    await this.#whileTimePasses(desktop.start());
  }

  async #whileTimePasses(work: Promise<void>): Promise<void> {
    let pending = true;
    work.finally(() => { pending = false; }).catch(() => {});
    await this.world.until(() => !pending);
    return work;
  }

  #port(application: string, id: string): string {
    const { host, ports } = applicationOf(this.config, application);
    return addressOf({ host, port: ports.get(id) as number });
  }
}

function names(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
}
