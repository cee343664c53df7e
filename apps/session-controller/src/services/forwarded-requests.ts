/** What other tiers ask of this node over the bus: acknowledgements, call control, lists (docs/specs/cluster-protocol.md). */
import { type Bus, type BusDelivery, type BusMessage, type BusSubscription, subjects } from '#cluster';
import { type Clock, unreachable } from '#kernel';
import { type OwnerNotice, type RequestOrigin, type ScCommand, type ScReply, unsupportedRequest } from '#telephony';
import { TError, type TRequest } from '#tlib';
import { OPENING_LEG } from '../legs/leg-layer.js';
import type { CallDirectory } from './call-directory.js';
import type { EventStreams } from './event-streams.js';
import type { OverloadGuard } from './overload-guard.js';
import type { RequestOutcomes } from './request-outcomes.js';

export interface ForwardedRequestPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly directory: CallDirectory;
  readonly streams: EventStreams;
  readonly outcomes: RequestOutcomes;
  readonly overload: OverloadGuard;
  draining(): boolean;
}

export class ForwardedRequests {
  readonly #subscriptions: BusSubscription[] = [];

  constructor(private readonly node: string, private readonly ports: ForwardedRequestPorts) {}

  start(): void {
    this.#subscriptions.push(
      this.ports.bus.subscribe(subjects.scCommand(this.node), (message, delivery) => this.#onCommand(message, delivery)),
      this.ports.bus.subscribe(subjects.allDnOwners, (message) => this.#onOwner(message as OwnerNotice)),
    );
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #onCommand(message: BusMessage, delivery: BusDelivery): void {
    const command = message as ScCommand;
    const respond = (reply: ScReply): void => delivery.respond?.(reply);
    switch (command.kind) {
      case 'ack': return this.ports.streams.acknowledged(command);
      case 'request': return this.#onRequest(command.request, command.origin, respond);
      case 'revoke': return this.#onRevoke(command.connID, command.dn);
      case 'calls': return respond({ kind: 'calls', calls: this.ports.directory.summaries() });
      default: return unreachable(command);
    }
  }

  /** A new owner of a DN with live calls gets the whole picture without asking. */
  #onOwner(notice: OwnerNotice): void {
    if (notice.kind === 'claim') this.ports.streams.claimed(notice.dn, notice.epoch);
  }

  #onRevoke(connID: string, dn: string): void {
    const call = this.ports.directory.find(connID);
    if (call === undefined || call.ended) return;
    this.ports.directory.feed(call, { kind: 'offerRevoked', dn, message: `${dn} went out of service`, nowMs: this.ports.clock.nowMs() });
  }

  #onRequest(request: TRequest, origin: RequestOrigin, respond: (reply: ScReply) => void): void {
    const dn = typeof request.ThisDN === 'string' ? request.ThisDN : '';
    if (request.msg === 'RequestMakeCall') return this.#makeCall(dn, request, origin, respond);
    if (typeof request.ConnID !== 'string') return respond({ kind: 'error', code: TError.UnsupportedOperation, message: unsupportedRequest(request.msg) });
    const connID = request.ConnID;
    const call = this.ports.directory.find(connID);
    if (call === undefined || (call.ended && request.msg !== 'RequestQueryCall')) {
      return respond({ kind: 'error', code: TError.InvalidConnID, message: `no call ${connID} on node ${this.node}` });
    }
    this.ports.outcomes.expect(call, origin, dn, respond);
    this.ports.directory.feed(call, { kind: 'request', request, origin, nowMs: this.ports.clock.nowMs() });
  }

  /** 3pcc (SC-07): the call begins with a request instead of an INVITE. */
  #makeCall(dn: string, request: TRequest, origin: RequestOrigin, respond: (reply: ScReply) => void): void {
    if (this.ports.draining()) {
      return respond({ kind: 'error', code: TError.OutOfService, message: `node ${this.node} is shutting down: ask again, another node takes it` });
    }
    if (this.ports.directory.full) {
      return respond({ kind: 'error', code: TError.ResourceUnavailable, message: `node ${this.node} has reached max-calls` });
    }
    if (!this.ports.overload.admits()) {
      return respond({ kind: 'error', code: TError.ResourceUnavailable, message: `node ${this.node} is overloaded: ask again in a few seconds` });
    }
    const call = this.ports.directory.open();
    this.ports.outcomes.expect(call, origin, dn, respond);
    this.ports.directory.feed(call, { kind: 'makeCall', leg: OPENING_LEG, request, origin, nowMs: this.ports.clock.nowMs() });
  }
}
