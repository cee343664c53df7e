/** The whole load of a drill: phones, desktops, routing programs, monitors, callers, probes. Performs; decides nothing. */
import type { Phone } from '#softphone';
import { CallLedger } from '../machines/call-ledger.js';
import type { Cast, Seat } from '../machines/cast.js';
import type { Stage } from '../machines/stage.js';
import type { Trouble } from '../machines/verdict.js';
import { Desk } from './desk.js';
import { HeldCalls } from './held-calls.js';
import { differences, Monitor, type Picture } from './monitors.js';
import { MovedPhone } from './moved-phone.js';
import { NewCalls } from './new-calls.js';
import { atOnce, pause, until } from './patience.js';
import { Probes } from './probes.js';
import { QueuedCalls } from './queued-calls.js';
import { RoutingDesk } from './routing.js';
import { Site } from './site.js';

/** Agents of one desktop server. */
const SEATS_OF_A_DESK = 50;
const REGISTERING = 50;
/** For the last events to arrive everywhere. */
const SETTLE_MS = 15_000;
/** AgentStatus of tlibrary §4.4.1. */
const READY = 2;

export class Load {
  readonly ledger = new CallLedger();
  readonly monitors: Monitor[] = [];
  readonly moved: Trouble[] = [];
  readonly #sites = new Map<string, Site>();
  readonly #phones = new Map<string, Phone>();
  readonly #desks = new Map<string, Desk>();
  readonly #routers: RoutingDesk[] = [];
  #probes: Probes[] = [];
  #held: HeldCalls | undefined;
  #queued: QueuedCalls | undefined;
  #fresh: NewCalls | undefined;
  readonly #sawOut = new Set<string>();
  #exercised = false;

  constructor(
    private readonly stage: Stage, private readonly cast: Cast, private readonly nowMs: () => number, private readonly says: (text: string) => void,
  ) {}

  /** Resolves when held calls stand, queued ones wait, and new ones come. @throws Error with what did not come about */
  async prepare(): Promise<void> {
    await this.#watch();
    await this.#seat();
    const destinations = new Map(this.cast.held.map(({ from, seat }) => [from, seat.dn]));
    const targets = { destination: (from: string) => destinations.get(from) ?? this.#queued?.destinations.get(from) };
    for (const node of this.stage.dataCentres.flatMap(({ nodes }) => nodes)) this.#routers.push(new RoutingDesk(node, this.cast.points, targets));
    await Promise.all(this.#routers.map((router) => router.open()));
    const ports = {
      cast: this.cast, ledger: this.ledger, routers: this.#routers, site: (at: string) => this.#site(at), desk: (dn: string) => this.#deskOf(dn),
      phone: (dn: string) => this.#phones.get(dn) as Phone, nowMs: this.nowMs,
    };
    this.#held = new HeldCalls(ports);
    await this.#held.begin();
    this.says(`${this.ledger.counts('held').established} of ${this.cast.held.length} calls stand`);
    this.#queued = new QueuedCalls(ports);
    await this.#queued.begin();
    this.says(`${this.cast.queued.length - this.ledger.counts('queued').lost.length} of ${this.cast.queued.length} callers wait`);
    this.#probes = [...this.#sites.values()].map((site, i) => new Probes(site, this.cast.points.probe, i, this.nowMs));
    if (this.cast.routedPoint === undefined) return;
    this.#fresh = new NewCalls([...this.#sites.values()], this.cast.routedPoint, this.ledger, this.nowMs);
    this.#fresh.begin(this.cast.perSecond);
    this.says(`${this.cast.perSecond} new calls a second`);
  }

  /** Whoever has no service now. */
  missing(): string[] {
    this.#lookOverTheCut();
    const dns = this.#seats().map(({ dn }) => dn);
    return [
      ...[...this.#probes, ...this.monitors, ...this.#routers, ...new Set(this.#desks.values())].flatMap((each) => each.missing()),
      ...this.monitors.flatMap((monitor) => monitor.outOfService(dns).map((dn) => `${dn} at ${monitor.name}`)),
    ];
  }

  movePhone(): Promise<void> {
    const [home, away] = this.stage.dataCentres;
    const talking = home === undefined ? undefined : this.#held?.talking(home.name);
    if (home === undefined || away === undefined || talking === undefined) throw new Error('no agent talks within one data centre while there is another one');
    const { seat, from } = talking.plan;
    const mover = new MovedPhone({
      seat, caller: talking.caller, from, ledger: this.ledger, desk: this.#deskOf(seat.dn), monitor: this.monitors[0] as Monitor,
      old: this.#phones.get(seat.dn) as Phone, away: this.#site(away.name), homeNodes: names(home), awayNodes: names(away), restores: this.stage.restoresAgents,
      says: this.says, trouble: (what, why) => void this.moved.push({ what, why }),
    });
    return mover.run().then((phone) => void this.#phones.set(seat.dn, phone));
  }

  async exercise(): Promise<void> {
    this.#exercised = true;
    await this.#held?.exercise();
    await this.#queued?.release();
    await this.#fresh?.stop();
  }

  /** Everybody hangs up. Phones and desktops stay, so that what is left can be looked at. */
  async hangUp(): Promise<void> {
    for (const probes of this.#probes) probes.stop();
    if (!this.#exercised) await this.#fresh?.stop();
    this.#held?.hangUp();
    this.#queued?.hangUp();
    await until(SETTLE_MS, () => [...this.#phones.values()].every(({ calls }) => calls.size === 0));
  }

  outOfOrder(): number {
    return this.#queued?.outOfOrder ?? 0;
  }

  refusedMs(): ReadonlyMap<string, number> {
    return new Map(this.#probes.map((probes, i) => [this.stage.dataCentres[i]?.name ?? '', probes.outage.longestMs(this.nowMs())]));
  }

  /** Data centres whose monitor was told that every DN of the others is out of service, at the same time. */
  sawOtherOut(): readonly string[] {
    return [...this.#sawOut];
  }

  loggedOut(): Trouble[] {
    return [...new Set(this.#desks.values())].flatMap((desk) => [...desk.loggedOut].map(([what, why]) => ({ what, why: `${why} (${desk.name})` })));
  }

  /** Agents who are not free although nobody talks any more, as each monitor sees them; and what the monitors do not agree on. */
  async atQuiet(): Promise<{ readonly stuck: Trouble[]; readonly disagree: Trouble[] }> {
    let seen = { stuck: [] as Trouble[], disagree: [] as Trouble[] };
    await until(SETTLE_MS, async () => {
      seen = await this.#look();
      return seen.stuck.length + seen.disagree.length === 0;
    });
    return seen;
  }

  async close(): Promise<void> {
    for (const router of this.#routers) router.close();
    await Promise.race([Promise.all([...new Set(this.#desks.values())].map((desk) => desk.leave())), pause(SETTLE_MS)]);
    await Promise.race([atOnce(REGISTERING, [...this.#phones.values()], async (phone) => void await phone.unregister()), pause(SETTLE_MS)]);
    for (const monitor of this.monitors) monitor.client.close();
    await Promise.all([...this.#sites.values()].map((site) => site.close()));
  }

  async #watch(): Promise<void> {
    for (const dataCentre of this.stage.dataCentres) {
      this.#sites.set(dataCentre.name, await Site.open(dataCentre, this.stage.accessPoint));
      for (const node of dataCentre.nodes.filter(({ monitoring }) => monitoring.length > 0)) {
        this.monitors.push(new Monitor(node.name, dataCentre.name, node.monitoring, (event) => this.ledger.heard(event)));
      }
    }
    if (this.monitors.length === 0) throw new Error('no sip-server has a SmartProxy port, so nobody can watch the events');
    await Promise.all(this.monitors.map(({ client }) => client.connect()));
  }

  async #seat(): Promise<void> {
    const seats = this.#seats();
    await atOnce(REGISTERING, seats, async (seat) => void this.#phones.set(seat.dn, await this.#site(seat.dataCentre).register(seat)));
    this.says(`${seats.length} phones are registered`);
    for (const { name, nodes } of this.stage.dataCentres) {
      const here = seats.filter(({ dataCentre }) => dataCentre === name);
      for (let from = 0, n = 0; from < here.length; from += SEATS_OF_A_DESK, n += 1) {
        const group = here.slice(from, from + SEATS_OF_A_DESK);
        const desk = new Desk(`desk-${name}-${n + 1}`, nodes[n % nodes.length] as (typeof nodes)[number], group);
        for (const { dn } of group) this.#desks.set(dn, desk);
      }
    }
    await Promise.all([...new Set(this.#desks.values())].map((desk) => desk.open()));
    this.says(`${seats.length} agents are ready`);
  }

  #seats(): Seat[] {
    return [...this.cast.floor, ...this.cast.spare, ...this.cast.held.map(({ seat }) => seat)];
  }

  #site(name: string): Site {
    return this.#sites.get(name) as Site;
  }

  #deskOf(dn: string): Desk {
    return this.#desks.get(dn) as Desk;
  }

  #lookOverTheCut(): void {
    for (const monitor of this.monitors) {
      const others = this.#seats().filter(({ dataCentre }) => dataCentre !== monitor.dataCentre).map(({ dn }) => dn);
      if (others.length > 0 && monitor.outOfService(others).length === others.length) this.#sawOut.add(monitor.dataCentre);
    }
  }

  async #look(): Promise<{ stuck: Trouble[]; disagree: Trouble[] }> {
    const dns = this.#seats().map(({ dn }) => dn);
    const pictures = await Promise.all(this.monitors.map(async (monitor) => [monitor.name, await monitor.pictures(dns)] as const));
    const [first, ...others] = pictures as [readonly [string, ReadonlyMap<string, Picture>], ...(readonly [string, ReadonlyMap<string, Picture>])[]];
    return {
      stuck: pictures.flatMap(([name, seen]) => dns.flatMap((dn) => stuck(dn, seen.get(dn), name))),
      disagree: others.flatMap(([name, seen]) => differences(first[0], first[1], name, seen)),
    };
  }
}

const names = ({ nodes }: Stage['dataCentres'][number]): string[] => nodes.map(({ name }) => name);

function stuck(dn: string, picture: Picture | undefined, monitor: string): Trouble[] {
  if (picture === undefined) return [{ what: dn, why: `${monitor} does not answer about it` }];
  if (picture.calls.length > 0) return [{ what: dn, why: `${monitor} has it in ${picture.calls.join(', ')}` }];
  if (!picture.inService) return [{ what: dn, why: `${monitor} has it out of service` }];
  return picture.agentStatus === READY ? [] : [{ what: dn, why: `its agent is not ready (AgentStatus ${picture.agentStatus}) at ${monitor}` }];
}
