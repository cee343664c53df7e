/** Puts every checker where it sees what it judges, and asks them after each step and when all is quiet. */
import type { BusMessage } from '#cluster';
import type { DnCommand, DnReply, DnSnapshot } from '#telephony';
import type { TEvent } from '#tlib';
import type { SimCluster } from './cluster.js';
import { briefEvent, briefMessage } from './brief.js';
import { BoundedWait } from './invariants/bounded-wait.js';
import { LegalWalk } from './invariants/legal-walk.js';
import { type Count, NothingBusy } from './invariants/nothing-busy.js';
import { OneCallPerAgent } from './invariants/one-call-per-agent.js';
import { OneOwner } from './invariants/one-owner.js';
import { ReplicasAgree } from './invariants/replicas-agree.js';
import { SipEnds } from './invariants/sip-ends.js';
import { applicationOf } from './switch.js';
import type { Verdict } from './invariants/verdict.js';

/** `router-timeout` again and again is bounded by callers' patience; to this come the time-outs of SIP. */
const WAIT_MAX_MS = 240_000;
const AGENT_STATUS = ['LoggedOut', 'NotReady', 'Ready', 'NotReady', 'NotReady'] as const;

export class Watch {
  readonly owner = new OneOwner();
  readonly wait = new BoundedWait(WAIT_MAX_MS);
  readonly sip = new SipEnds();
  readonly busy = new NothingBusy();
  readonly replicas = new ReplicasAgree();
  readonly #walks: LegalWalk[] = [];
  readonly #seats: OneCallPerAgent[] = [];

  constructor(private readonly cluster: SimCluster, private readonly debug?: (line: string) => void) {
    const { world } = cluster;
    for (const monitor of cluster.monitors) this.#follow(`monitor ${monitor.name}`, (hear) => { monitor.onEvent = hear; });
    for (const desktop of cluster.desktops) this.#follow(`desktop ${desktop.dn}`, (hear) => { desktop.client.on('*', hear); });
    world.bus.witness = {
      published: (from, subject, message) => this.#published(from.name, subject, message),
      answered: (from, subject, request, reply) => this.#answered(from.name, subject, request as DnCommand, reply as DnReply),
    };
    for (const ua of [cluster.carrier, ...cluster.phones.map((phone) => phone.ua)]) {
      ua.onUnanswered = (method, sentMs) => this.sip.unanswered(ua.options.user, method, sentMs, world.clock.nowMs());
    }
    world.invariant('1 one owner', () => this.owner.problem);
    world.invariant('2 one call per agent', () => firstOf(this.#seats));
    world.invariant('3 legal walk', () => firstOf(this.#walks));
    world.invariant('4 bounded wait', () => {
      this.wait.at(world.clock.nowMs());
      return this.wait.problem;
    });
    world.invariant('5 nothing busy', () => this.busy.problem);
    world.invariant('6 SIP ends', () => this.sip.problem);
    world.invariant('7 replicas agree', () => this.replicas.problem);
  }

  /** A node died: calls that waited there are gone. */
  crashed(node: string): void {
    const isOurs = this.#isOf(node);
    for (const dn of this.cluster.config.dns.keys()) this.wait.pictured(dn, [], isOurs);
  }

  /** ConnIDs name their nodes. */
  #isOf(node: string): (connID: string) => boolean {
    const prefix = applicationOf(this.cluster.config, node).serverId.toString(16).padStart(3, '0');
    return (connID) => connID.startsWith(prefix);
  }

  /** Nothing is live and nothing is wrong any more: now everybody must say so. */
  async atQuiet(): Promise<void> {
    await this.#betweenRegistrations();
    for (const walk of this.#walks) walk.atQuiet();
    this.wait.atQuiet();
    this.busy.atQuiet(this.#counts());
    const { carrier, phones } = this.cluster;
    this.sip.atQuiet([carrier, ...phones.map((phone) => phone.ua)].map((ua) => ({
      name: ua.options.user, pending: ua.pendingInvites, dialogs: ua.liveCalls.length,
    })));
    this.#owners();
    this.#locations();
    this.#pictures();
    await this.cluster.world.advance(1);
  }

  /** Phones go on to refresh: an instant is taken when none does. */
  async #betweenRegistrations(): Promise<void> {
    const { world, proxies } = this.cluster;
    for (let waits = 0; waits < 100 && proxies.some(({ meter }) => meter.value('proxy_pending_requests') !== 0); waits += 1) await world.advance(20);
  }

  #follow(receiver: string, attach: (hear: (event: TEvent) => void) => void): void {
    const walk = new LegalWalk(receiver);
    const seats = new OneCallPerAgent(receiver);
    this.#walks.push(walk);
    this.#seats.push(seats);
    attach((event) => {
      this.debug?.(`${this.#at()} ${receiver} hears ${briefEvent(event)}`);
      // A server that starts again does not know what its clients were told before.
      if (event.msg === 'EventServerConnected') {
        for (const checker of [walk, seats]) checker.anew();
        this.owner.anew(receiver);
      }
      this.owner.accepted(receiver, event);
      walk.heard(event);
      seats.heard(event);
    });
  }

  #at(): string {
    return (this.cluster.world.clock.nowMs() % 1_000_000 / 1_000).toFixed(3);
  }

  #published(from: string, subject: string, message: BusMessage): void {
    if (!subject.endsWith('.alive')) this.debug?.(`${this.#at()} ${from} publishes ${subject} ${briefMessage(message)}`);
    const command = message as DnCommand;
    if (command.kind === 'frame') for (const { event } of command.items) this.wait.heard(event, this.cluster.world.clock.nowMs());
    if (command.kind === 'resync') {
      this.wait.pictured(subject.split('.')[2] as string, command.calls.map(({ connID }) => connID), this.#isOf(command.node));
    }
  }

  #answered(from: string, subject: string, request: DnCommand, reply: DnReply): void {
    this.debug?.(`${this.#at()} ${from} answers ${subject} ${briefMessage(request)} with ${briefMessage(reply)}`);
    if (request.kind !== 'offer' || reply.kind !== 'offered') return;
    const dn = subject.split('.')[2] as string;
    // As the one who answers sees the agent; whether its word still counts is for the first invariant.
    const owner = this.#snapshots().find((snapshot) => snapshot.dn === dn && snapshot.owner === from);
    const agent = AGENT_STATUS[owner?.agent?.agentStatus ?? 0] ?? 'NotReady';
    for (const seats of this.#seats) seats.granted(dn, request.connID, agent, owner?.seq ?? 0);
  }

  #snapshots(): DnSnapshot[] {
    return this.cluster.nodes.flatMap((node) => node.tc.owned());
  }

  #counts(): Count[] {
    const { nodes, proxies, vqs } = this.cluster;
    return [
      ...nodes.flatMap(({ name, scMeter }) => [
        { what: `calls at ${name}`, busy: scMeter.value('sc_calls') ?? NaN }, { what: `legs at ${name}`, busy: scMeter.value('sc_legs') ?? NaN },
      ]),
      ...proxies.map(({ meter }, i) => ({ what: `requests at P${i + 1}`, busy: meter.value('proxy_pending_requests') ?? NaN })),
      ...vqs.map(({ meter }, i) => ({ what: `reservations at V${i + 1}`, busy: meter.value('reservations') ?? NaN })),
      ...this.#snapshots().map(({ dn, owner, calls }) => ({ what: `calls of ${dn} at ${owner}`, busy: calls.length })),
    ];
  }

  #owners(): void {
    for (const dn of this.cluster.config.dns.keys()) {
      this.owner.ownersAtQuiet(dn, this.#snapshots().filter((snapshot) => snapshot.dn === dn).map(({ owner }) => owner));
    }
  }

  #locations(): void {
    const { proxies, phones } = this.cluster;
    for (const { dn } of phones) {
      this.replicas.atQuiet(`the bindings of ${dn}`, new Map(proxies.map(({ location }, i) =>
        [`P${i + 1}`, JSON.stringify(location.list(dn).map(({ contact }) => contact))])));
    }
  }

  /** What each smart proxy and each t-controller tells a client that asks, beside what the owner has. */
  #pictures(): void {
    for (const { dn } of this.cluster.phones) {
      const owned = this.#snapshots().find((snapshot) => snapshot.dn === dn);
      const said = new Map([['the owner', owned === undefined ? 'out of service' : pictureOf(owned)]]);
      for (const { name, smartProxy, tc } of this.cluster.nodes) {
        const atProxy = smartProxy.picture(dn);
        const atTc = tc.picture(dn);
        if (atProxy !== undefined) said.set(`smart proxy ${name}`, pictureOf(atProxy));
        if (atTc !== undefined) said.set(`t-controller ${name}`, pictureOf(atTc));
      }
      this.replicas.atQuiet(dn, said);
    }
  }
}

function pictureOf({ owner, epoch, seq, inService, agent, calls }: DnSnapshot): string {
  // Who owned it last does not matter then.
  if (!inService && agent === undefined && calls.length === 0) return 'out of service';
  return JSON.stringify({ owner, epoch, seq, inService, agent: agent?.agentID, status: agent?.agentStatus, calls: calls.map(({ connID }) => connID) });
}

function firstOf(verdicts: readonly Verdict[]): string | undefined {
  return verdicts.find(({ problem }) => problem !== undefined)?.problem;
}
