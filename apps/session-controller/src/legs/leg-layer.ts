/**
 * All legs of the node: finds the leg of a SIP message, makes legs for new dialogs, and turns what they report into inputs of
 * their calls. The call machine knows legs by name, SIP knows them by Call-ID and our tag.
 */
import { assert, type Counter, type Meter, type Timer } from '#kernel';
import { makeResponse, type ServerTransaction, type SipRequest, type SipResponse } from '#sip';
import type { CallInput, LegId } from '#telephony';
import type { CallRecord } from '../services/call-record.js';
import { EndedDialogs } from './ended-dialogs.js';
import { InboundLeg } from './inbound-leg.js';
import { type Leg, type LegEffect, type LegHost, type LegPorts, type LegReport, MAX_FORWARDS } from './leg.js';
import { OutboundLeg } from './outbound-leg.js';
import { type InboundSnapshot, LEG_VERSION, type LegEntry, type OutboundSnapshot } from './snapshots.js';

export interface LegLayerPorts extends LegPorts {
  readonly meter: Meter;
  input(call: CallRecord, input: CallInput): void;
  alive(call: CallRecord): void;
  /** A leg's snapshot is another one now. */
  changed(call: CallRecord): void;
}

/** Name of the leg that opened a call by calling us. */
export const OPENING_LEG: LegId = 'opening';

const AUDIT_EVERY_MS = 100;
/** All legs in half a minute: more at once would take from calls what they need, on each proxy and phone, too. */
const AUDIT_STEPS = 300;

export class LegLayer {
  readonly #byDialog = new Map<string, Leg>();
  readonly #byInvite = new Map<ServerTransaction, InboundLeg>();
  readonly #byCall = new Map<CallRecord, Map<LegId, Leg>>();
  readonly #ended = new EndedDialogs();
  readonly #strays: Counter;
  #auditTimer: Timer | undefined;

  constructor(private readonly ports: LegLayerPorts) {
    this.#strays = ports.meter.counter('sc_stray_requests_total', 'Requests in dialogs that this node does not have');
    ports.meter.gauge('sc_legs', 'Live SIP dialogs of calls', () => this.#byDialog.size);
  }

  /** Live legs. */
  get size(): number {
    return this.#byDialog.size;
  }

  /** The leg of an INVITE that opens a call. */
  openInbound(call: CallRecord, invite: SipRequest, transaction: ServerTransaction, reliable: boolean): void {
    const host = this.#host(call, OPENING_LEG, () => this.#byInvite.delete(transaction));
    const leg = InboundLeg.open(invite, transaction, call.identity.callUUID, this.ports, host, reliable);
    this.#byInvite.set(transaction, leg);
    this.#add(call, OPENING_LEG, leg);
  }

  /** For the process that carries the call on. */
  snapshots(call: CallRecord): LegEntry[] {
    const entries: LegEntry[] = [];
    for (const [id, leg] of this.#byCall.get(call) ?? []) {
      const snapshot = leg.snapshot();
      if (snapshot !== undefined) entries.push([id, snapshot]);
    }
    return entries;
  }

  /** Legs of another process, that send nothing yet. */
  adopt(call: CallRecord, entries: readonly LegEntry[]): void {
    for (const [id, from] of entries) {
      assert(from.version === LEG_VERSION, `a leg in version ${String(from.version)}: both halves of a pair need programs that know it`);
      this.#add(call, id, from.kind === 'inbound' ? this.#adoptInbound(call, id, from) : this.#adoptOutbound(call, id, from));
    }
  }

  /** The call has taken note of what happened: what its legs had under way goes on. */
  resume(call: CallRecord): void {
    for (const leg of [...this.#byCall.get(call)?.values() ?? []]) leg.resume();
  }

  /** An effect about a leg that is gone already is a late one: the call will hear, or has heard, that it is gone. */
  perform(call: CallRecord, effect: LegEffect): void {
    if (effect.kind === 'invite') return this.#openOutbound(call, effect);
    this.#byCall.get(call)?.get(effect.leg)?.perform(effect);
  }

  /** A request with a To tag. */
  onRequest(request: SipRequest, transaction: ServerTransaction): void {
    const leg = this.#find(request);
    if (leg !== undefined) return leg.onRequest(request, transaction);
    if (request.method === 'BYE' && this.#ended.has(keyOf(request), this.ports.clock.nowMs())) return transaction.respond(makeResponse(request, 200));
    this.#strays.add();
    transaction.respond(makeResponse(request, 481));
  }

  onAck(request: SipRequest): void {
    this.#find(request)?.onAck(request);
  }

  /** A 2xx to an INVITE of ours whose transaction is gone: its ACK was lost. */
  onStrayResponse(response: SipResponse): void {
    const { status, cseq, callId, from } = response;
    if (cseq.method !== 'INVITE' || status < 200 || status > 299) return;
    this.#byDialog.get(dialogKey(callId, from.tag ?? ''))?.onRepeatedSuccess(response);
  }

  onCancel(invite: ServerTransaction): void {
    this.#byInvite.get(invite)?.onCancel();
  }

  /**
   * A CANCEL from a proxy that started again after it had passed the INVITE on: not the branch tells which one is meant, but what the caller calls it
   * (docs/specs/sip-proxy.md, "Started again"). Answers whether there is such a one.
   */
  onStrayCancel(cancel: SipRequest): boolean {
    const leg = [...this.#byInvite.values()].find((each) => each.isCancelledBy(cancel));
    leg?.onCancel();
    return leg !== undefined;
  }

  /** The proxy at that host died, or started again. */
  proxyForgot(host: string | undefined): void {
    if (host !== undefined) for (const leg of [...this.#byDialog.values()]) leg.proxyForgot(host);
  }

  /** For operators. */
  describe(call: CallRecord): object[] {
    return Array.from(this.#byCall.get(call) ?? [], ([leg, { callId, state }]) => ({ leg, callId, state }));
  }

  /**
   * This node, or the proxies before it, could not be reached for a while: a BYE may have been answered in its place. Each dialog
   * is asked for, all within half a minute.
   */
  audit(): void {
    const legs = [...this.#byDialog.values()];
    const atOnce = Math.ceil(legs.length / AUDIT_STEPS);
    const next = (): void => {
      for (const leg of legs.splice(0, atOnce)) leg.probe();
      if (legs.length > 0) this.#auditTimer = this.ports.clock.setTimer(AUDIT_EVERY_MS, next);
    };
    this.#auditTimer?.cancel();
    next();
  }

  close(): void {
    this.#auditTimer?.cancel();
  }

  /** Ends every leg of a call whose machine cannot do it any more. */
  abandon(call: CallRecord): void {
    for (const leg of [...this.#byCall.get(call)?.values() ?? []]) leg.drop();
  }

  #openOutbound(call: CallRecord, effect: Extract<LegEffect, { readonly kind: 'invite' }>): void {
    const host = this.#host(call, effect.leg, () => undefined);
    const leg = OutboundLeg.open(effect, call.identity.callUUID, this.#maxForwards(call), this.ports, host);
    this.#add(call, effect.leg, leg);
    leg.perform(effect);
  }

  #adoptInbound(call: CallRecord, id: LegId, from: InboundSnapshot): InboundLeg {
    let transaction: ServerTransaction | undefined;
    const host = this.#host(call, id, () => transaction !== undefined && this.#byInvite.delete(transaction));
    const leg = InboundLeg.restore(from, call.identity.callUUID, this.ports, host);
    ({ transaction } = leg);
    if (transaction !== undefined) this.#byInvite.set(transaction, leg);
    return leg;
  }

  #adoptOutbound(call: CallRecord, id: LegId, from: OutboundSnapshot): OutboundLeg {
    return OutboundLeg.restore(from, call.identity.callUUID, this.ports, this.#host(call, id, () => undefined));
  }

  /** RFC 7332 §3: what the caller has left, less one, so that a call that comes back to us ends at some time. */
  #maxForwards(call: CallRecord): number {
    const opening = this.#byCall.get(call)?.get(OPENING_LEG);
    return opening instanceof InboundLeg ? Math.max(0, opening.maxForwards - 1) : MAX_FORWARDS;
  }

  #add(call: CallRecord, id: LegId, leg: Leg): void {
    const legs = this.#byCall.get(call) ?? new Map<LegId, Leg>();
    assert(!legs.has(id), `two legs of a call with the name ${id}`);
    legs.set(id, leg);
    this.#byCall.set(call, legs);
    this.#byDialog.set(dialogKey(leg.callId, leg.localTag), leg);
  }

  #host(call: CallRecord, id: LegId, ended: () => void): LegHost {
    return {
      report: (report) => this.#report(call, id, report),
      alive: () => this.ports.alive(call),
      changed: () => this.ports.changed(call),
      ended: () => {
        ended();
        this.#remove(call, id);
      },
    };
  }

  #report(call: CallRecord, leg: LegId, report: LegReport): void {
    this.ports.input(call, { ...report, leg, nowMs: this.ports.clock.nowMs() } as CallInput);
  }

  #remove(call: CallRecord, id: LegId): void {
    const legs = this.#byCall.get(call);
    const leg = legs?.get(id);
    if (legs === undefined || leg === undefined) return;
    legs.delete(id);
    const key = dialogKey(leg.callId, leg.localTag);
    this.#byDialog.delete(key);
    this.#ended.add(key, this.ports.clock.nowMs());
    if (legs.size === 0) this.#byCall.delete(call);
  }

  #find(request: SipRequest): Leg | undefined {
    return this.#byDialog.get(keyOf(request));
  }
}

const keyOf = (request: SipRequest): string => dialogKey(request.callId, request.to.tag ?? '');

function dialogKey(callId: string, localTag: string): string {
  return `${callId}\n${localTag}`;
}
