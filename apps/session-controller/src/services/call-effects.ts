/** Does what call machines ask for: each effect goes to the one who can (docs/specs/call.md). */
import type { ClusterConfig } from '#config';
import { type Clock, unreachable } from '#kernel';
import type { CallEffect } from '#telephony';
import type { LegLayer } from '../legs/leg-layer.js';
import type { AgentOffers } from './agent-offers.js';
import type { CallDirectory } from './call-directory.js';
import type { CallRecord } from './call-record.js';
import type { CallReporting } from './call-reporting.js';
import type { EventStreams } from './event-streams.js';
import type { RequestOutcomes } from './request-outcomes.js';
import type { RoutingClients } from './routing-clients.js';

export interface CallEffectPorts {
  readonly clock: Clock;
  readonly directory: CallDirectory;
  readonly legs: LegLayer;
  readonly streams: EventStreams;
  readonly routing: RoutingClients;
  readonly reporting: CallReporting;
  readonly outcomes: RequestOutcomes;
  readonly offers: AgentOffers;
}

export class CallEffects {
  constructor(private readonly config: ClusterConfig, private readonly ports: CallEffectPorts) {}

  perform(call: CallRecord, effect: CallEffect): void {
    const { connID } = call.identity;
    switch (effect.kind) {
      case 'event': return this.#event(call, effect);
      case 'monitor': return this.ports.reporting.report(connID, effect.event);
      case 'error': return this.ports.outcomes.refused(effect.origin, effect.code, effect.message);
      case 'reply': return this.ports.outcomes.replied(effect.origin, effect.event);
      case 'offerTo': return this.#offer(call, effect);
      case 'withdrawFrom': return this.ports.offers.withdraw(connID, effect.dn);
      case 'agentAction': return this.ports.offers.agentAction(effect.dn, effect.action, effect.reason);
      case 'setTimer': return this.#setTimer(call, effect.timer, effect.ms);
      case 'clearTimer': return this.#clearTimer(call, effect.timer);
      // The directory's own.
      case 'ended': return;
      case 'invite': case 'cancel': case 'ack': case 'ring': case 'answer': case 'reject': case 'offer': case 'ackOffer':
      case 'answerOffer': case 'rejectOffer': case 'bye': case 'notify':
        return this.ports.legs.perform(call, effect);
      default: return unreachable(effect);
    }
  }

  /** To the owner of the DN, and when it is a Routing Point also to the routing clients of this node (SC-05). */
  #event(call: CallRecord, { dn, event, business, origin }: Extract<CallEffect, { readonly kind: 'event' }>): void {
    this.ports.directory.noteDn(call, dn);
    if (this.config.dns.get(dn)?.type === 'RoutingPoint') this.ports.routing.distribute(dn, event, origin);
    this.ports.streams.push(dn, origin === undefined ? { event, business } : { event, business, origin });
    if (origin !== undefined) this.ports.outcomes.accepted(origin);
  }

  #offer(call: CallRecord, { dn, offerId, leaseMs }: Extract<CallEffect, { readonly kind: 'offerTo' }>): void {
    this.ports.offers.offer(call.identity.connID, dn, offerId, leaseMs, (verdict) => {
      if (!call.ended) return this.ports.directory.feed(call, verdict);
      // The call ended while the owner decided: an accepted offer would keep the agent busy for its lease.
      if (verdict.kind === 'offerAccepted') this.ports.offers.withdraw(call.identity.connID, dn);
    });
  }

  #setTimer(call: CallRecord, timer: string, ms: number): void {
    call.timers.get(timer)?.cancel();
    call.timers.set(timer, this.ports.clock.setTimer(ms, () => {
      call.timers.delete(timer);
      this.ports.directory.feed(call, { kind: 'timer', timer, nowMs: this.ports.clock.nowMs() });
    }));
  }

  #clearTimer(call: CallRecord, timer: string): void {
    call.timers.get(timer)?.cancel();
    call.timers.delete(timer);
  }
}
