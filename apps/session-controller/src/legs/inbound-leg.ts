/** The leg that called us: UAS of the INVITE that opened the call, from its arrival to its ACK (RFC 3261 §13.3, §15). */
import { type HeaderLine, makeResponse, type ServerTransaction, type SipRequest, type SipResponse } from '#sip';
import { assert, unreachable } from '#kernel';
import type { Sdp } from '#telephony';
import { DialogUsage } from './dialog-usage.js';
import { InDialog } from './in-dialog.js';
import { ALLOW, type Leg, type LegEffect, type LegHost, type LegPorts, MAX_FORWARDS, newLocalTag, SDP_TYPE } from './leg.js';
import { ReliableProvisional } from './reliable-provisional.js';
import { RepeatedAnswer } from './repeated-answer.js';
import { bodySdp } from './sdp.js';
import { type InboundSnapshot, LEG_VERSION, type Ringing } from './snapshots.js';

export type InboundState = 'Proceeding' | 'Answering' | 'Answered' | 'Established' | 'Ended';

/** What of the leg does not change. */
interface InboundParts {
  readonly usage: DialogUsage;
  /** Until the 2xx is acknowledged. */
  readonly transaction: ServerTransaction | undefined;
  readonly inviteSeq: number;
  readonly maxForwards: number;
}

export class InboundLeg implements Leg {
  readonly callId: string;
  readonly localTag: string;
  /** Hops that the caller's INVITE has left. */
  readonly maxForwards: number;
  readonly #inviteSeq: number;
  readonly #dialog: InDialog;
  readonly #usage: DialogUsage;
  #open: { readonly invite: SipRequest; readonly transaction: ServerTransaction } | undefined;
  #provisional: ReliableProvisional | undefined;
  #state: InboundState = 'Proceeding';
  #rung: Ringing | undefined;
  /** Waits for a PRACK. */
  #waitingAnswer: { readonly sdp: Sdp | null } | undefined;
  #answer: RepeatedAnswer | undefined;
  /** The machine hung up before the ACK came: the BYE must wait for it (§15). */
  #byeOwed = false;
  #resume: (() => void) | undefined;

  private constructor(parts: InboundParts, private readonly ports: LegPorts, private readonly host: LegHost) {
    const { usage, transaction, inviteSeq, maxForwards } = parts;
    this.#usage = usage;
    this.#dialog = usage.dialog;
    this.callId = this.#dialog.data.callId;
    this.localTag = this.#dialog.data.localTag;
    this.#inviteSeq = inviteSeq;
    this.maxForwards = maxForwards;
    if (transaction !== undefined) this.#open = { invite: transaction.request, transaction };
  }

  /** `reliable`: the caller requires 100rel, or supports it and `sip-enable-100rel` is on. */
  static open(
    invite: SipRequest, transaction: ServerTransaction, callUUID: string, ports: LegPorts, host: LegHost, reliable: boolean,
  ): InboundLeg {
    const dialog = InDialog.uas(invite, newLocalTag(ports), callUUID, ports, () => host.changed());
    // One without Max-Forwards came from RFC 2543.
    const leg = new InboundLeg({
      usage: new DialogUsage(dialog, host), transaction, inviteSeq: invite.cseq.seq, maxForwards: invite.maxForwards ?? MAX_FORWARDS,
    }, ports, host);
    leg.#usage.session.onRequest(invite);
    if (reliable) leg.#provisional = leg.#newProvisional(transaction);
    return leg;
  }

  /** Of another process. Nothing is sent before `resume`; `transaction` is that of the INVITE, while it is open. */
  static restore(from: InboundSnapshot, callUUID: string, ports: LegPorts, host: LegHost): InboundLeg {
    const transaction = from.invite === undefined ? undefined : ports.sender.adopt(from.invite);
    const { inviteSeq, maxForwards } = from;
    const usage = DialogUsage.restore(from.usage, callUUID, ports, host);
    const leg = new InboundLeg({ usage, transaction, inviteSeq, maxForwards }, ports, host);
    leg.#state = from.state;
    leg.#rung = from.rung;
    leg.#waitingAnswer = from.waitingAnswer;
    leg.#byeOwed = from.byeOwed;
    leg.#resume = () => leg.#goOn(from);
    if (transaction === undefined) return leg;
    if (from.state !== 'Answered') usage.session.onRequest(transaction.request);
    if (from.reliable !== undefined) leg.#provisional = leg.#newProvisional(transaction);
    return leg;
  }

  /** Of the INVITE, while it is not acknowledged. */
  get transaction(): ServerTransaction | undefined {
    return this.#open?.transaction;
  }

  get state(): InboundState {
    return this.#state;
  }

  snapshot(): InboundSnapshot | undefined {
    if (this.#state === 'Ended') return undefined;
    const open = this.#open;
    return {
      kind: 'inbound', version: LEG_VERSION, state: this.#state, localTag: this.localTag, inviteSeq: this.#inviteSeq,
      maxForwards: this.maxForwards, invite: open && { text: open.invite.bytes, flow: open.transaction.flow },
      rung: open && this.#rung, reliable: open && this.#provisional?.snapshot(), waitingAnswer: this.#waitingAnswer,
      answer: open && this.#answer?.bytes, byeOwed: this.#byeOwed, usage: this.#usage.snapshot(),
    };
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  perform(effect: LegEffect): void {
    switch (effect.kind) {
      case 'ring': return this.#ring(effect.status, effect.sdp);
      case 'answer': return this.#accept(effect.sdp);
      case 'reject': return this.#reject(effect.status, effect.reason);
      case 'bye':
      case 'cancel': return this.#hangUp();
      case 'offer': return this.#usage.offer(effect.sdp);
      case 'ackOffer': return this.#usage.ackOffer(effect.sdp);
      case 'answerOffer': return this.#usage.answerOffer(effect.sdp);
      case 'rejectOffer': return this.#usage.rejectOffer(effect.status, effect.reason);
      case 'notify': return this.#usage.notify(effect.event);
      case 'invite':
      case 'ack':
        return this.ports.log.error('the call asked an incoming leg for what only an outgoing one can do', { effect: effect.kind });
      default: return unreachable(effect);
    }
  }

  onRequest(request: SipRequest, transaction: ServerTransaction): void {
    if (request.method === 'PRACK') return this.#onPrack(request, transaction);
    if (this.#state === 'Answered' && request.method === 'INVITE') {
      // Its sender has our 2xx, and the ACK goes another way. One that brings the answer is waited for: RFC 3261 §14.2, 500 with a short wait.
      if (this.#isOfferless) {
        return transaction.respond(makeResponse(request, 500, undefined, { headers: [['Retry-After', '1']] }));
      }
      this.#acknowledged(null);
    }
    // §15: BYE ends an early dialog, too; the INVITE it belongs to is answered 487 (§15.1.2).
    const unanswered = this.#state === 'Proceeding' || this.#state === 'Answering';
    if (request.method === 'BYE') this.#stopWaiting();
    if (request.method === 'BYE' && unanswered) this.#respond(487, undefined);
    this.#usage.onRequest(request, transaction);
    if (this.#usage.over) this.#state = 'Ended';
  }

  onAck(ack: SipRequest): void {
    if (this.#state !== 'Answered' || ack.cseq.seq !== this.#inviteSeq) return this.#usage.onAck(ack);
    this.#acknowledged(this.#isOfferless ? bodySdp(ack) : null);
  }

  #acknowledged(sdp: Sdp | null): void {
    this.#answer?.stop();
    this.#state = 'Established';
    this.#open = undefined;
    this.#answer = undefined;
    this.#dialog.offerPending = false;
    if (this.#byeOwed) return this.#bye();
    this.host.report({ kind: 'acked', sdp });
  }

  onCancel(): void {
    if (this.#state !== 'Proceeding' && this.#state !== 'Answering') return;
    this.#respond(487, 'Request Terminated');
    this.#end();
    this.host.report({ kind: 'gone', cause: 'cancel' });
    this.host.ended();
  }

  /** Whether this CANCEL, which came without the branch of its INVITE, means ours. */
  isCancelledBy({ callId, cseq, from }: SipRequest): boolean {
    const isOpen = this.#state === 'Proceeding' || this.#state === 'Answering';
    return isOpen && callId === this.callId && cseq.seq === this.#inviteSeq && from.tag === this.#dialog.data.remoteTag;
  }

  proxyForgot(): void {
    // What we answer finds its way by the Vias, and a CANCEL by the names of the call.
  }

  onRepeatedSuccess(response: SipResponse): void {
    this.#usage.onRepeatedSuccess(response);
  }

  probe(): void {
    if (this.#state === 'Established') this.#usage.probe();
  }

  drop(): void {
    this.#hangUp();
  }

  get #opening(): { readonly invite: SipRequest; readonly transaction: ServerTransaction } {
    assert(this.#open !== undefined, `the INVITE of ${this.callId} is over`);
    return this.#open;
  }

  /** Our 2xx carries the offer, so that the ACK brings the answer. */
  get #isOfferless(): boolean {
    return bodySdp(this.#opening.invite) === null;
  }

  /** The caller hears again what it may have missed. */
  #goOn({ state, rung, reliable, waitingAnswer, answer, usage }: InboundSnapshot): void {
    this.#usage.resume(usage);
    if (this.#state !== state) return;
    if (reliable !== undefined) this.#provisional?.resume(reliable);
    else if (rung !== undefined && state === 'Proceeding') this.#sendRinging(rung, []);
    if (state === 'Answering') this.#provisional?.whenAcknowledged(() => this.#sendAnswer(waitingAnswer?.sdp ?? null));
    if (state === 'Answered' && answer !== undefined) this.#repeat(answer);
  }

  #newProvisional(transaction: ServerTransaction): ReliableProvisional {
    return new ReliableProvisional(transaction, this.ports, {
      make: (ringing, reliable) => this.#ringing(ringing, reliable),
      unconfirmed: () => this.#refuse(504, 'Server Time-out'),
    });
  }

  #ring(status: 180 | 183, sdp: Sdp | null): void {
    if (this.#state !== 'Proceeding') return;
    this.#rung = { status, sdp };
    if (this.#provisional !== undefined) this.#provisional.send(this.#rung);
    else this.#sendRinging(this.#rung, []);
  }

  #sendRinging(ringing: Ringing, reliable: readonly HeaderLine[]): void {
    this.#opening.transaction.respond(this.#ringing(ringing, reliable));
  }

  #ringing({ status, sdp }: Ringing, reliable: readonly HeaderLine[]): SipResponse {
    return makeResponse(this.#opening.invite, status, undefined, {
      toTag: this.localTag, headers: [['Contact', this.ports.contact], ['Allow', ALLOW], ...reliable],
      ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
  }

  /** RFC 3262 §3: a 2xx waits for the PRACK of a reliable 1xx that carried the offer or the answer. */
  #accept(sdp: Sdp | null): void {
    if (this.#state !== 'Proceeding') return;
    this.#state = 'Answering';
    this.#waitingAnswer = { sdp };
    if (this.#provisional === undefined) this.#sendAnswer(sdp);
    else this.#provisional.whenAcknowledged(() => this.#sendAnswer(sdp));
  }

  #sendAnswer(sdp: Sdp | null): void {
    if (this.#state !== 'Answering') return;
    this.#state = 'Answered';
    this.#waitingAnswer = undefined;
    this.#dialog.confirm();
    this.#dialog.localSdp = sdp;
    this.#repeat(makeResponse(this.#opening.invite, 200, undefined, {
      toTag: this.localTag,
      headers: [['Contact', this.ports.contact], ['Allow', ALLOW], ['Supported', 'timer'], ...this.#usage.session.responseHeaders],
      ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    }).serialize());
    this.#usage.session.begin();
  }

  #repeat(answer: string): void {
    this.#answer = new RepeatedAnswer(this.ports.clock, this.#opening.transaction, answer, () => this.#neverAcknowledged());
    this.#answer.start();
  }

  /** §13.3.1.4: no ACK for 64*T1, so the session never came about: BYE. */
  #neverAcknowledged(): void {
    this.#bye();
    this.host.report({ kind: 'gone', cause: 'lost' });
  }

  #onPrack(request: SipRequest, transaction: ServerTransaction): void {
    const refused = this.#dialog.accept(request) ?? (this.#provisional?.onPrack(request) === true ? undefined : 481);
    transaction.respond(makeResponse(request, refused ?? 200));
    if (refused === undefined) this.#provisional?.proceed();
  }

  #reject(status: number, reason: string): void {
    if (this.#state !== 'Proceeding' && this.#state !== 'Answering') return;
    this.#refuse(status, reason);
  }

  #refuse(status: number, reason: string): void {
    this.#respond(status, reason);
    this.#end();
    this.host.ended();
  }

  #respond(status: number, reason: string | undefined): void {
    const { invite, transaction } = this.#opening;
    const response = makeResponse(invite, status, reason, { toTag: this.localTag }).serialize();
    this.ports.owed.refusal(invite.bytes, transaction, response);
    transaction.respond(response);
  }

  #hangUp(): void {
    switch (this.#state) {
      case 'Proceeding':
      case 'Answering': return this.#refuse(480, 'Temporarily Unavailable');
      case 'Answered':
        this.#byeOwed = true;
        return;
      case 'Established': return this.#bye();
      case 'Ended': return;
    }
  }

  #bye(): void {
    this.#end();
    this.#usage.bye();
    this.host.ended();
  }

  #end(): void {
    this.#state = 'Ended';
    this.#stopWaiting();
    this.#usage.session.stop();
  }

  #stopWaiting(): void {
    this.#answer?.stop();
    this.#provisional?.stop();
  }
}
