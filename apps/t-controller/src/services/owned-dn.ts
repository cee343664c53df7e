/** Runs the machine of one owned DN: commands in from the bus, numbered events out (docs/specs/dn.md). */
import { type Bus, type BusDelivery, type BusSubscription, EventRing, subjects } from '#cluster';
import { type Clock, type Entropy, type Timer, unreachable } from '#kernel';
import {
  Dn, type DnCommand, type DnEffect, type DnEvent, type DnIdentity, type DnInput, type DnReply, type DnRules, type DnSnapshot, type ScCommand,
} from '#telephony';
import { TError } from '#tlib';
import { CallStreams } from './call-streams.js';

export interface OwnedDnPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ring: EventRing<DnEvent>;
  /** The phone was seen at another node. */
  refreshed(dn: string, untilMs: number): void;
}

/** Decided here; everything else is for the SC of the call. */
const OWN_REQUESTS: ReadonlySet<string> = new Set([
  'RequestAgentLogin', 'RequestAgentLogout', 'RequestAgentReady', 'RequestAgentNotReady', 'RequestAgentSetIdleReason',
  'RequestSetDNDOn', 'RequestSetDNDOff', 'RequestCallForwardSet', 'RequestCallForwardCancel', 'RequestSetMessageWaitingOn',
  'RequestSetMessageWaitingOff',
]);
const SC_TIMEOUT_MS = 4_500;
/** What an event weighs in the ring beside its user data: an estimate, since nothing is serialised in process. */
const EVENT_BYTES = 1_024;

export class OwnedDn {
  readonly #dn: Dn;
  readonly #streams: CallStreams;
  readonly #subscription: BusSubscription;
  #agentTimer: Timer | undefined;

  constructor(identity: DnIdentity, rules: DnRules, from: DnSnapshot | undefined, private readonly ports: OwnedDnPorts) {
    this.#dn = new Dn(identity, rules, from);
    this.#streams = new CallStreams(identity.dn, from !== undefined, ports, {
      onItem: (node, item) => void this.feed({ kind: 'item', node, item, nowMs: ports.clock.nowMs() }),
      onPicture: (node, calls) => void this.feed({ kind: 'picture', node, calls, nowMs: ports.clock.nowMs() }),
    });
    this.#subscription = ports.bus.subscribe(
      subjects.dnCommand(identity.dn), (message, delivery) => this.#command(message as DnCommand, delivery),
    );
  }

  get seq(): number {
    return this.#dn.seq;
  }

  get busy(): boolean {
    return this.#dn.busy;
  }

  get agentID(): string | undefined {
    return this.#dn.agentID;
  }

  snapshot(): DnSnapshot {
    return this.#dn.snapshot();
  }

  /** Performs what the machine says; answers its reply, if the input was a question. */
  feed(input: DnInput): DnReply | undefined {
    const effects: DnEffect[] = [];
    this.#dn.on(input, effects);
    let reply: DnReply | undefined;
    for (const effect of effects) {
      if (effect.kind === 'answer') reply = effect.reply;
      else this.#perform(effect);
    }
    return reply;
  }

  /** The session controller of that node is not heard any more: its calls are over here. */
  scDown(node: string): void {
    this.#streams.lost(node);
    this.feed({ kind: 'scDown', node, nowMs: this.ports.clock.nowMs() });
  }

  /** It is heard again, in the same life: calls that it still has are told anew. */
  scUp(node: string): void {
    this.#streams.back(node);
  }

  close(): void {
    this.#subscription.unsubscribe();
    this.#agentTimer?.cancel();
    this.#streams.close();
  }

  #perform(effect: Exclude<DnEffect, { readonly kind: 'answer' }>): void {
    switch (effect.kind) {
      case 'event':
        this.ports.ring.push(effect.event, EVENT_BYTES);
        return this.ports.bus.publish(subjects.dnEvent(effect.event.dn), effect.event);
      case 'setTimer':
        this.#agentTimer?.cancel();
        this.#agentTimer = this.ports.clock.setTimer(effect.delayMs, () => void this.feed({ kind: 'timer', nowMs: this.ports.clock.nowMs() }));
        return;
      case 'cancelTimer': return this.#agentTimer?.cancel();
      default: return unreachable(effect);
    }
  }

  #command(command: DnCommand, delivery: BusDelivery): void {
    const nowMs = this.ports.clock.nowMs();
    const respond = (reply: DnReply | undefined): void => void (reply !== undefined && delivery.respond?.(reply));
    switch (command.kind) {
      case 'frame':
      case 'resync': return this.#streams.heard(command);
      case 'request': return this.#request(command, respond);
      case 'offer': return respond(this.feed({ kind: 'offer', connID: command.connID, leaseMs: command.leaseMs, nowMs }));
      case 'withdraw': return void this.feed({ kind: 'withdraw', connID: command.connID, nowMs });
      case 'snapshot': return respond({ kind: 'snapshot', snapshot: this.#dn.snapshot() });
      case 'refresh': return this.ports.refreshed(this.#dn.identity.dn, command.untilMs);
      case 'agentAction': {
        return void this.feed({ kind: 'agentAction', action: command.action, reasons: [['ReasonCode', command.reason]], nowMs });
      }
      default: return unreachable(command);
    }
  }

  #request({ request, origin }: Extract<DnCommand, { readonly kind: 'request' }>, respond: (reply: DnReply | undefined) => void): void {
    if (OWN_REQUESTS.has(request.msg)) {
      const agentSessionID = this.ports.entropy.hex(16);
      return respond(this.feed({ kind: 'request', request, origin, agentSessionID, nowMs: this.ports.clock.nowMs() }));
    }
    const connID = request['ConnID'] as string | undefined;
    const call = connID === undefined ? undefined : this.#dn.call(connID);
    if (connID !== undefined && call === undefined) {
      return respond({ kind: 'error', code: TError.InvalidConnID, message: `${this.#dn.identity.dn} has no call ${connID}` });
    }
    const node = call?.node ?? this.#dn.nodeOfCalls ?? nodeOf(origin.instance);
    const command: ScCommand = { kind: 'request', request, origin };
    this.ports.bus.request(subjects.scCommand(node), command, SC_TIMEOUT_MS, (reply) => {
      if (reply.kind === 'reply') respond(reply.message as DnReply);
      else {
        const code = reply.kind === 'timeout' ? TError.Timeout : TError.OutOfService;
        respond({ kind: 'error', code, message: `the session controller of ${node} does not answer` });
      }
    });
  }
}

/** The node of an instance such as `SIPS_dc1_1/t-controller`. */
const nodeOf = (instance: string): string => instance.slice(0, instance.indexOf('/'));
