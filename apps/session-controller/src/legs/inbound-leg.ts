/** The leg that called us: UAS of the INVITE that opened the call, from its arrival to its ACK (RFC 3261 §13.3, §15). */
import { makeResponse, type ServerTransaction, type SipRequest } from '#sip';
import { unreachable } from '#kernel';
import type { Sdp } from '#telephony';
import { DialogUsage } from './dialog-usage.js';
import { InDialog } from './in-dialog.js';
import { ALLOW, type Leg, type LegEffect, type LegHost, type LegPorts, MAX_FORWARDS, newLocalTag, SDP_TYPE } from './leg.js';
import { ReliableProvisional } from './reliable-provisional.js';
import { RepeatedAnswer } from './repeated-answer.js';
import { bodySdp } from './sdp.js';

export type InboundState = 'Proceeding' | 'Answering' | 'Answered' | 'Established' | 'Ended';

export class InboundLeg implements Leg {
  readonly callId: string;
  readonly localTag: string;
  readonly #dialog: InDialog;
  readonly #usage: DialogUsage;
  readonly #provisional: ReliableProvisional | undefined;
  #state: InboundState = 'Proceeding';
  #answer: RepeatedAnswer | undefined;
  /** The machine hung up before the ACK came: the BYE must wait for it (§15). */
  #byeOwed = false;

  /** `reliable`: the caller requires 100rel, or supports it and `sip-enable-100rel` is on. */
  constructor(
    private readonly invite: SipRequest, private readonly transaction: ServerTransaction, callUUID: string,
    private readonly ports: LegPorts, private readonly host: LegHost, reliable: boolean,
  ) {
    this.callId = invite.callId;
    this.localTag = newLocalTag(ports);
    this.#dialog = InDialog.uas(invite, this.localTag, callUUID, ports);
    this.#usage = new DialogUsage(this.#dialog, host);
    this.#usage.session.onRequest(invite);
    if (reliable) this.#provisional = new ReliableProvisional(transaction, ports, () => this.#refuse(504, 'Server Time-out'));
  }

  /** Hops that the caller's INVITE has left; one without the header came from RFC 2543. */
  get maxForwards(): number {
    return this.invite.maxForwards ?? MAX_FORWARDS;
  }

  get state(): InboundState {
    return this.#state;
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
      // The ACK is on its way: RFC 3261 §14.2, 500 with a short wait.
      return transaction.respond(makeResponse(request, 500, undefined, { headers: [['Retry-After', '1']] }));
    }
    // §15: BYE ends an early dialog, too; the INVITE it belongs to is answered 487 (§15.1.2).
    const unanswered = this.#state === 'Proceeding' || this.#state === 'Answering';
    if (request.method === 'BYE') this.#stopWaiting();
    if (request.method === 'BYE' && unanswered) this.transaction.respond(makeResponse(this.invite, 487, undefined, { toTag: this.localTag }));
    this.#usage.onRequest(request, transaction);
    if (this.#usage.over) this.#state = 'Ended';
  }

  onAck(ack: SipRequest): void {
    if (this.#state !== 'Answered' || ack.cseq.seq !== this.invite.cseq.seq) return this.#usage.onAck(ack);
    this.#answer?.stop();
    this.#state = 'Established';
    this.#dialog.offerPending = false;
    if (this.#byeOwed) return this.#bye();
    this.host.report({ kind: 'acked', sdp: bodySdp(this.invite) === null ? bodySdp(ack) : null });
  }

  onCancel(): void {
    if (this.#state !== 'Proceeding' && this.#state !== 'Answering') return;
    this.#respond(487, 'Request Terminated');
    this.#end();
    this.host.report({ kind: 'gone', cause: 'cancel' });
    this.host.ended();
  }

  probe(): void {
    if (this.#state === 'Established') this.#usage.probe();
  }

  drop(): void {
    this.#hangUp();
  }

  #ring(status: 180 | 183, sdp: Sdp | null): void {
    if (this.#state !== 'Proceeding') return;
    const body = sdp === null ? {} : { contentType: SDP_TYPE, body: sdp };
    const headers: [string, string][] = [['Contact', this.ports.contact], ['Allow', ALLOW]];
    if (this.#provisional !== undefined) {
      return this.#provisional.send((reliable) => makeResponse(this.invite, status, undefined, {
        toTag: this.localTag, headers: [...headers, ...reliable], ...body,
      }));
    }
    this.transaction.respond(makeResponse(this.invite, status, undefined, { toTag: this.localTag, headers, ...body }));
  }

  /** RFC 3262 §3: a 2xx waits for the PRACK of a reliable 1xx that carried the offer or the answer. */
  #accept(sdp: Sdp | null): void {
    if (this.#state !== 'Proceeding') return;
    this.#state = 'Answering';
    if (this.#provisional === undefined) this.#sendAnswer(sdp);
    else this.#provisional.whenAcknowledged(() => this.#sendAnswer(sdp));
  }

  #sendAnswer(sdp: Sdp | null): void {
    if (this.#state !== 'Answering') return;
    this.#state = 'Answered';
    this.#dialog.confirm();
    this.#dialog.localSdp = sdp;
    const response = makeResponse(this.invite, 200, undefined, {
      toTag: this.localTag,
      headers: [['Contact', this.ports.contact], ['Allow', ALLOW], ['Supported', 'timer'], ...this.#usage.session.responseHeaders],
      ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
    this.#answer = new RepeatedAnswer(this.ports.clock, this.transaction, response, () => this.#neverAcknowledged());
    this.#answer.start();
    this.#usage.session.begin();
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

  #respond(status: number, reason: string): void {
    this.transaction.respond(makeResponse(this.invite, status, reason, { toTag: this.localTag }));
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
