/** Asks the owner of a DN whether a routed call may ring it (docs/specs/cluster-protocol.md, "Offers"). */
import { type Bus, type BusReply, subjects } from '#cluster';
import type { Clock } from '#kernel';
import type { CallInput, DnCommand, DnReply } from '#telephony';

const OFFER_MS = 2_000;

export interface AgentOfferPorts {
  readonly bus: Bus;
  readonly clock: Clock;
}

export class AgentOffers {
  constructor(private readonly ports: AgentOfferPorts, private readonly node: string) {}

  /** `decided` gets the machine's input, once and never synchronously. */
  offer(connID: string, dn: string, offerId: number, leaseMs: number, decided: (input: CallInput) => void): void {
    const command: DnCommand = { kind: 'offer', connID, node: this.node, leaseMs };
    this.ports.bus.request(subjects.dnCommand(dn), command, OFFER_MS, (reply) => {
      decided(this.#verdict(dn, offerId, reply));
    });
  }

  withdraw(connID: string, dn: string): void {
    this.#tell(dn, { kind: 'withdraw', connID, node: this.node });
  }

  /** No-answer and busy supervision (tlibrary §7.5). */
  agentAction(dn: string, action: 'notready' | 'logout', reason: string): void {
    this.#tell(dn, { kind: 'agentAction', action, reason });
  }

  #tell(dn: string, command: DnCommand): void {
    this.ports.bus.publish(subjects.dnCommand(dn), command);
  }

  #verdict(dn: string, offerId: number, reply: BusReply): CallInput {
    const nowMs = this.ports.clock.nowMs();
    const refused = (code: number, message: string): CallInput =>
      ({ kind: 'offerRefused', dn, offerId, code, message, nowMs });
    if (reply.kind === 'no-responders') return refused(58, `${dn} is out of service: its phone is not registered`);
    if (reply.kind === 'timeout') return refused(57, `the owner of ${dn} did not answer within ${OFFER_MS / 1000} s`);
    const verdict = reply.message as DnReply;
    if (verdict.kind === 'offered') return { kind: 'offerAccepted', dn, offerId, agentID: verdict.agentID, nowMs };
    if (verdict.kind === 'error') return refused(verdict.code, verdict.message);
    return refused(52, `the owner of ${dn} gave an answer that fits no offer: ${verdict.kind}`);
  }
}
