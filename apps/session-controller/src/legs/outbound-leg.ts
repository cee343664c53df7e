/**
 * A leg that we called: UAC of its INVITE through forks, early dialogs and late answers (RFC 3261 §13.2, §9.1), then the
 * dialog. A 2xx nobody waits for any more is acknowledged and ended with BYE.
 */
import { assert, unreachable } from '#kernel';
import {
  type ClientFailure, type Dialog, ForkedDialogs, makeResponse, NO_LIMITS, parseMessage, type ServerTransaction, type SipRequest, type SipResponse,
} from '#sip';
import type { Sdp } from '#telephony';
import { Acknowledgement } from './acknowledgement.js';
import { DialogUsage } from './dialog-usage.js';
import { CSEQ_MARGIN, InDialog } from './in-dialog.js';
import { type Leg, type LegEffect, type LegHost, type LegPorts, newLocalTag } from './leg.js';
import { type Invite, outgoingInvite } from './outgoing-invite.js';
import { bodySdp } from './sdp.js';
import type { RequestUser, SentRequest, SentText } from './sip-sender.js';
import { LEG_VERSION, type OutboundSnapshot } from './snapshots.js';

/** `Cancelling` waits for the final answer together with the call machine, `Abandoned` without it. */
export type OutboundState = 'Inviting' | 'Cancelling' | 'Abandoned' | 'Answered' | 'Established' | 'Ended';

/** What makes the INVITE. */
interface Plan {
  readonly invite: Invite;
  readonly maxForwards: number;
}

export class OutboundLeg implements Leg {
  readonly callId: string;
  readonly localTag: string;
  readonly #usages = new Map<Dialog, DialogUsage>();
  /** Dialogs whose 2xx was answered with BYE: forks, and whatever came too late. */
  readonly #refused = new Set<Dialog>();
  /** Not of a leg that is carried on: its INVITE is not made anew. */
  #plan: Plan | undefined;
  #offer: Sdp | null = null;
  /** Dialogs that begin now may have had requests of the process before. */
  #seqMargin = 0;
  #forks: ForkedDialogs | undefined;
  #state: OutboundState = 'Inviting';
  #sent: SentRequest | undefined;
  #usage: DialogUsage | undefined;
  /** The early dialog heard last: NOTIFY goes there before the answer. */
  #latestEarly: DialogUsage | undefined;
  #ack: Acknowledgement | undefined;
  #minSe: number | undefined;
  #seq = 1;
  #resume: (() => void) | undefined;

  private constructor(
    names: { readonly callId: string; readonly localTag: string }, private readonly callUUID: string,
    private readonly ports: LegPorts, private readonly host: LegHost,
  ) {
    this.callId = names.callId;
    this.localTag = names.localTag;
  }

  /** Nothing is sent before the `invite` effect is performed. */
  static open(invite: Invite, callUUID: string, maxForwards: number, ports: LegPorts, host: LegHost): OutboundLeg {
    const names = { callId: `${ports.entropy.hex(24)}@${ports.accessPoint}`, localTag: newLocalTag(ports) };
    const leg = new OutboundLeg(names, callUUID, ports, host);
    leg.#plan = { invite, maxForwards };
    leg.#offer = invite.sdp;
    return leg;
  }

  /** Of another process. Nothing is sent before `resume`. */
  static restore(from: OutboundSnapshot, callUUID: string, ports: LegPorts, host: LegHost): OutboundLeg {
    const leg = new OutboundLeg(from, callUUID, ports, host);
    leg.#state = from.state;
    leg.#seq = from.seq;
    leg.#resume = () => leg.#goOn(from);
    if (from.usage !== undefined) {
      leg.#usage = DialogUsage.restore(from.usage, callUUID, ports, host);
      leg.#ack = new Acknowledgement(leg.#usage.dialog);
      leg.#ack.restore(from.acked);
    } else if (from.sent !== undefined) {
      leg.#know(from.sent);
    }
    return leg;
  }

  get state(): OutboundState {
    return this.#state;
  }

  snapshot(): OutboundSnapshot | undefined {
    if (this.#state === 'Ended') return undefined;
    const { callId, localTag } = this;
    return {
      kind: 'outbound', version: LEG_VERSION, state: this.#state, callId, localTag, seq: this.#seq,
      sent: this.#usage === undefined ? this.#sent?.text : undefined, usage: this.#usage?.snapshot(), acked: this.#ack?.snapshot(),
    };
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  perform(effect: LegEffect): void {
    switch (effect.kind) {
      case 'invite': return this.#plan && this.#start(this.#plan);
      case 'cancel':
      case 'bye': return this.#hangUp();
      case 'ack': return this.#acknowledge(effect.sdp);
      case 'offer': return this.#usage?.offer(effect.sdp);
      case 'ackOffer': return this.#usage?.ackOffer(effect.sdp);
      case 'answerOffer': return this.#usage?.answerOffer(effect.sdp);
      case 'rejectOffer': return this.#usage?.rejectOffer(effect.status, effect.reason);
      case 'notify': return this.#notify(effect.event);
      case 'ring':
      case 'answer':
      case 'reject':
        return this.ports.log.error('the call asked an outgoing leg for what only an incoming one can do', { effect: effect.kind });
      default: return unreachable(effect);
    }
  }

  onRequest(request: SipRequest, transaction: ServerTransaction): void {
    const usage = this.#usage ?? this.#withTag(request.from.tag);
    if (usage === undefined || this.#state === 'Cancelling' || this.#state === 'Abandoned') {
      transaction.respond(makeResponse(request, request.method === 'BYE' ? 200 : 481));
      if (request.method === 'BYE' && this.#state === 'Inviting' && this.#usages.size === 0) this.#leftUnheard();
      return;
    }
    const overtaking = request.method === 'BYE' && this.#state === 'Inviting';
    usage.onRequest(request, transaction);
    if (overtaking && usage.over) this.#abandon();
    if (usage === this.#usage && usage.over) this.#state = 'Ended';
  }

  /** Nothing of the far end was heard before its BYE: all its responses were lost or overtaken. */
  #leftUnheard(): void {
    this.#abandon();
    this.host.report({ kind: 'gone', cause: 'bye' });
    this.host.ended();
  }

  /** Its BYE overtook its answer, which is still due: proxies on the way would wait for it until Timer C. */
  #abandon(): void {
    this.#state = 'Abandoned';
    this.#sent?.cancel();
  }

  onAck(request: SipRequest): void {
    this.#usage?.onAck(request);
  }

  onCancel(): void {
    // A CANCEL goes from the caller to the called, so never to us in this role.
  }

  proxyForgot(host: string): void {
    if (this.#sent?.text?.to.host === host) this.#sent.repeat();
  }

  onRepeatedSuccess(response: SipResponse): void {
    if (response.cseq.seq === this.#seq && response.to.tag === this.#usage?.dialog.data.remoteTag) this.#ack?.again();
    else this.#usage?.onRepeatedSuccess(response);
  }

  probe(): void {
    if (this.#state === 'Established') this.#usage?.probe();
  }

  drop(): void {
    this.#hangUp();
  }

  #start({ invite, maxForwards }: Plan): void {
    const { callId, localTag, callUUID } = this;
    const request = outgoingInvite(invite, { callId, localTag, callUUID, maxForwards, seq: this.#seq, minSe: this.#minSe }, this.ports);
    this.#forks = new ForkedDialogs(request);
    this.#sent = this.ports.sender.request(request, this.#user());
  }

  #user(): RequestUser {
    return {
      onSent: () => this.host.changed(),
      onResponse: (response) => this.#onResponse(response),
      onFailure: (reason) => this.#onFailure(reason),
    };
  }

  /** The INVITE of another process. */
  #know({ bytes }: SentText): void {
    const read = parseMessage(bytes, NO_LIMITS);
    assert(read.ok && read.value.kind === 'request', 'an INVITE that was sent can be read');
    this.#forks = new ForkedDialogs(read.value);
    this.#offer = bodySdp(read.value);
    this.#seqMargin = CSEQ_MARGIN;
  }

  /** What was asked is asked again, in the same transaction; what was withdrawn or acknowledged, too. */
  #goOn({ sent, usage }: OutboundSnapshot): void {
    if (usage !== undefined) this.#usage?.resume(usage);
    if (this.#state === 'Established') this.#ack?.resume();
    if (this.#state === 'Ended' || this.#usage !== undefined) return;
    if (sent === undefined) return void this.ports.clock.setTimer(0, () => this.#onFailure('transport'));
    if (this.#state === 'Inviting') {
      this.#sent = this.ports.sender.repeat(sent, this.#user());
    } else {
      this.#sent = this.ports.sender.adoptInvite(sent, this.#user());
      this.#sent.cancel();
    }
  }

  #onResponse(response: SipResponse): void {
    const { status } = response;
    if (status === 100) return;
    this.host.changed();
    if (status < 200) return this.#onProvisional(response);
    if (status < 300) return this.#onSuccess(response);
    if (status === 422 && this.#retryWithLongerSession(response)) return;
    this.#onRejected(status, response.reason);
  }

  #onProvisional(response: SipResponse): void {
    if (this.#state !== 'Inviting') return;
    const usage = this.#usageOf(response);
    if (usage !== undefined) {
      this.#latestEarly = usage;
      this.#acknowledgeProvisional(usage, response);
    }
    this.host.report({ kind: 'progress', status: response.status, sdp: bodySdp(response) });
  }

  #usageOf(response: SipResponse): DialogUsage | undefined {
    const { dialog } = this.#forks?.onResponse(response) ?? {};
    if (dialog === undefined) return undefined;
    const known = this.#usages.get(dialog);
    if (known !== undefined) return known;
    dialog.localSeq = (dialog.localSeq ?? 0) + this.#seqMargin;
    const usage = new DialogUsage(new InDialog(dialog, this.callUUID, this.ports, () => this.host.changed()), this.host);
    this.#usages.set(dialog, usage);
    return usage;
  }

  #withTag(remoteTag: string | undefined): DialogUsage | undefined {
    for (const [dialog, usage] of this.#usages) if (dialog.remoteTag === remoteTag) return usage;
    return undefined;
  }

  /** RFC 3262 §4. */
  #acknowledgeProvisional(usage: DialogUsage, response: SipResponse): void {
    const rack = usage.dialog.reliable.onResponse(response);
    if (rack !== undefined) usage.dialog.request('PRACK', { onResponse() {}, onFailure() {} }, { headers: [['RAck', rack]] });
  }

  #onSuccess(response: SipResponse): void {
    const usage = this.#usageOf(response);
    if (usage === undefined) return;
    if (usage === this.#usage) {
      // Repeated: our ACK was lost, or is not due yet.
      return this.#ack?.again();
    }
    // One that crossed our CANCEL is the machine's to end (§9.1).
    if (this.#state !== 'Inviting' && this.#state !== 'Cancelling') return this.#refuse(usage, response);
    this.#state = 'Answered';
    this.#usage = usage;
    this.#ack = new Acknowledgement(usage.dialog);
    usage.dialog.localSdp = this.#offer;
    usage.session.onResponse(response);
    this.host.report({ kind: 'answered', sdp: bodySdp(response) });
  }

  /** §13.2.2.4: every 2xx gets its ACK; a dialog that nobody wants gets a BYE after it. */
  #refuse(usage: DialogUsage, response: SipResponse): void {
    usage.dialog.ack(response.cseq.seq, null);
    if (!this.#refused.has(usage.dialog.data)) usage.bye();
    this.#refused.add(usage.dialog.data);
    if (this.#state === 'Abandoned') this.#end();
  }

  #onRejected(status: number, reason: string): void {
    const awaited = this.#state === 'Inviting' || this.#state === 'Cancelling';
    if (!awaited && this.#state !== 'Abandoned') return;
    this.#state = 'Ended';
    this.host.ended();
    if (awaited) this.host.report({ kind: 'rejected', status, reason });
  }

  #onFailure(reason: ClientFailure): void {
    this.#onRejected(reason === 'timeout' ? 408 : 503, reason === 'timeout' ? 'Request Timeout' : 'Service Unavailable');
  }

  /** RFC 4028 §7.3: once more, with the interval that the far end insists on. */
  #retryWithLongerSession(response: SipResponse): boolean {
    const minSe = Number(response.header('Min-SE')?.split(';')[0]);
    const plan = this.#state === 'Inviting' && this.#minSe === undefined ? this.#plan : undefined;
    if (plan === undefined || !Number.isInteger(minSe) || minSe > 86_400) return false;
    this.#minSe = minSe;
    this.#seq += 1;
    this.#start(plan);
    return true;
  }

  #acknowledge(sdp: Sdp | null): void {
    if (this.#state !== 'Answered' || this.#usage === undefined) return;
    this.#state = 'Established';
    this.#usage.dialog.offerPending = false;
    if (sdp !== null) this.#usage.dialog.localSdp = sdp;
    this.#ack?.send(this.#seq, sdp);
  }

  #notify(event: 'talk' | 'hold'): void {
    const usage = this.#usage ?? this.#latestEarly;
    if (usage !== undefined) return usage.notify(event);
    // No dialog yet to send it in: as good as a phone that refuses.
    this.ports.clock.setTimer(0, () => this.host.report({ kind: 'notified', status: 481 }));
  }

  #hangUp(): void {
    switch (this.#state) {
      case 'Inviting':
        this.#state = 'Cancelling';
        this.#sent?.cancel();
        return;
      case 'Answered': return this.#endAnswered();
      case 'Established': return this.#bye();
      case 'Cancelling':
        // The machine waits no longer for the final answer; we do.
        this.#state = 'Abandoned';
        return;
      case 'Abandoned':
      case 'Ended': return;
    }
  }

  /** The 2xx is owed an ACK before the BYE (§13.2.2.4). */
  #endAnswered(): void {
    this.#acknowledge(null);
    this.#bye();
  }

  #bye(): void {
    this.#usage?.bye();
    this.#end();
  }

  #end(): void {
    this.#state = 'Ended';
    this.host.ended();
  }
}
