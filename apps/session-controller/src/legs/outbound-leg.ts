/**
 * A leg that we called: UAC of its INVITE through forks, early dialogs and late answers (RFC 3261 §13.2, §9.1), then the
 * dialog. A 2xx nobody waits for any more is acknowledged and ended with BYE.
 */
import { unreachable } from '#kernel';
import {
  type ClientFailure, type Dialog, ForkedDialogs, type HeaderLine, makeRequest, makeResponse, type ServerTransaction, type SipRequest,
  type SipResponse,
} from '#sip';
import type { CallEffect, Sdp } from '#telephony';
import { DialogUsage } from './dialog-usage.js';
import { InDialog } from './in-dialog.js';
import { userDataHeaders } from '../machines/user-data-headers.js';
import { ALLOW, type Leg, type LegEffect, type LegHost, type LegPorts, newLocalTag, SDP_TYPE } from './leg.js';
import { bodySdp } from './sdp.js';
import type { SentRequest } from './sip-sender.js';

type Invite = Extract<CallEffect, { readonly kind: 'invite' }>;

/** `Cancelling` waits for the final answer together with the call machine, `Abandoned` without it. */
export type OutboundState = 'Inviting' | 'Cancelling' | 'Abandoned' | 'Answered' | 'Established' | 'Ended';

/** Configuration object whose options apply to the leg. */
function objectOf({ destination }: Invite): string | undefined {
  if (destination.kind === 'trunk') return destination.trunk;
  return destination.kind === 'device' ? destination.dn : undefined;
}

export class OutboundLeg implements Leg {
  readonly callId: string;
  readonly localTag: string;
  readonly #object: string | undefined;
  readonly #usages = new Map<Dialog, DialogUsage>();
  /** Dialogs whose 2xx was answered with BYE: forks, and whatever came too late. */
  readonly #refused = new Set<Dialog>();
  #forks: ForkedDialogs | undefined;
  #state: OutboundState = 'Inviting';
  #sent: SentRequest | undefined;
  #usage: DialogUsage | undefined;
  /** The early dialog heard last: NOTIFY goes there before the answer. */
  #latestEarly: DialogUsage | undefined;
  #ackBytes: string | undefined;
  #minSe: number | undefined;
  #seq = 1;

  constructor(
    private readonly invite: Invite, private readonly callUUID: string, private readonly maxForwards: number,
    private readonly ports: LegPorts, private readonly host: LegHost,
  ) {
    this.callId = `${ports.entropy.hex(24)}@${ports.accessPoint}`;
    this.localTag = newLocalTag(ports);
    this.#object = objectOf(invite);
  }

  get state(): OutboundState {
    return this.#state;
  }

  perform(effect: LegEffect): void {
    switch (effect.kind) {
      case 'invite': return this.#start();
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

  probe(): void {
    if (this.#state === 'Established') this.#usage?.probe();
  }

  drop(): void {
    this.#hangUp();
  }

  #start(): void {
    const invite = this.#makeInvite();
    this.#forks = new ForkedDialogs(invite);
    this.#sent = this.ports.sender.request(invite, {
      onResponse: (response) => this.#onResponse(response),
      onFailure: (reason) => this.#onFailure(reason),
    });
  }

  #makeInvite(): SipRequest {
    const { fromUser, fromDisplay, sdp, autoAnswer, destination } = this.invite;
    const uri = destination.kind === 'device' || destination.kind === 'trunk' ? destination.uri : '';
    const display = fromDisplay === '' ? '' : `"${fromDisplay.replace(/["\\\r\n]/g, ' ')}" `;
    const headers: HeaderLine[] = [
      ['Max-Forwards', String(this.maxForwards)],
      ['From', `${display}<sip:${fromUser}@${this.ports.accessPoint}>;tag=${this.localTag}`],
      ['To', `<${uri}>`],
      ['Call-ID', this.callId],
      ['CSeq', `${this.#seq} INVITE`],
      ['Contact', this.ports.contact],
      ['Allow', ALLOW],
      ['Supported', this.#supported()],
      ['Session-Expires', this.#sessionExpires()],
      ['Min-SE', String(this.#minSe ?? 90)],
      ['X-Genesys-CallUUID', this.callUUID],
    ];
    headers.push(...this.#userDataHeaders());
    // RFC 5373's older cousin that phones understand: answer without being picked up.
    if (autoAnswer) headers.push(['Call-Info', `<sip:${this.ports.accessPoint}>;answer-after=0`]);
    return makeRequest({
      method: 'INVITE', uri, headers, ...(sdp === null ? {} : { contentType: SDP_TYPE, body: sdp }),
    });
  }

  /** SC-24: only where the trunk or device that is called asks for it. */
  #userDataHeaders(): HeaderLine[] {
    const filter = this.ports.option('userdata-map-filter', this.#object);
    if (filter === '' || this.#object === undefined || this.invite.userData.length === 0) return [];
    const { headers, left } = userDataHeaders(this.invite.userData, {
      prefix: this.ports.option('userdata-map-trans-prefix', this.#object), filter: filter.split(',').map((name) => name.trim()),
    });
    if (left > 0) this.ports.log.info('user data was left out of an INVITE: lists, names of the switch, or what does not fit', { to: this.#object, left });
    return headers;
  }

  /** 100rel only with an offer: a PRACK would have to carry the answer to an offer in a 1xx, which nobody has yet. */
  #supported(): string {
    const reliable = this.invite.sdp !== null && this.ports.option('sip-enable-100rel', this.#object) === 'true';
    return reliable ? 'timer, 100rel' : 'timer';
  }

  #sessionExpires(): string {
    const wanted = Number(this.ports.option('session-expires', this.#object));
    return String(Math.max(wanted, this.#minSe ?? 0));
  }

  #onResponse(response: SipResponse): void {
    const { status } = response;
    if (status === 100) return;
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
    const usage = new DialogUsage(new InDialog(dialog, this.callUUID, this.ports), this.host);
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
      if (this.#ackBytes !== undefined) this.ports.sender.resend(this.callId, this.#ackBytes);
      return;
    }
    // One that crossed our CANCEL is the machine's to end (§9.1).
    if (this.#state !== 'Inviting' && this.#state !== 'Cancelling') return this.#refuse(usage, response);
    this.#state = 'Answered';
    this.#usage = usage;
    usage.dialog.localSdp = this.invite.sdp;
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
    if (this.#state !== 'Inviting' || this.#minSe !== undefined || !Number.isInteger(minSe) || minSe > 86_400) return false;
    this.#minSe = minSe;
    this.#seq += 1;
    this.#start();
    return true;
  }

  #acknowledge(sdp: Sdp | null): void {
    if (this.#state !== 'Answered' || this.#usage === undefined) return;
    this.#state = 'Established';
    this.#usage.dialog.offerPending = false;
    if (sdp !== null) this.#usage.dialog.localSdp = sdp;
    this.#ackBytes = this.#usage.dialog.ack(this.#seq, sdp);
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
