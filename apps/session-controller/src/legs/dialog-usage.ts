/**
 * What happens within a dialog once it stands: offers both ways, one at a time (RFC 3261 §14, RFC 3311), session refresh
 * (RFC 4028), remote control of the phone (SC-09), BYE.
 */
import { type HeaderLine, makeResponse, type ServerTransaction, type SipRequest, type SipResponse } from '#sip';
import type { Sdp } from '#telephony';
import { InDialog } from './in-dialog.js';
import { ALLOW, type LegHost, type LegPorts } from './leg.js';
import { LocalOffer, type LocalOfferHost } from './local-offer.js';
import { RemoteOffer } from './remote-offer.js';
import { bodySdp, hasForeignBody } from './sdp.js';
import { SessionRefresh } from './session-refresh.js';
import type { UsageSnapshot } from './snapshots.js';

export class DialogUsage implements LocalOfferHost {
  readonly session: SessionRefresh;
  #local: LocalOffer | undefined;
  #remote: RemoteOffer | undefined;
  /** An offer of the machine that waits for the one under way. */
  #queued: { readonly sdp: Sdp | null } | undefined;
  #over = false;

  constructor(readonly dialog: InDialog, private readonly host: LegHost) {
    this.session = new SessionRefresh(dialog, {
      refresh: () => this.#refreshByInvite(),
      refreshed: () => host.alive(),
      expired: () => this.#lost(true),
    });
  }

  /** Of another process; nothing is sent before `resume`. */
  static restore(from: UsageSnapshot, callUUID: string, ports: LegPorts, host: LegHost): DialogUsage {
    const usage = new DialogUsage(InDialog.restore(from.dialog, callUUID, ports, () => host.changed()), host);
    usage.#queued = from.queued;
    if (from.remote !== undefined) usage.#remote = RemoteOffer.restore(usage.dialog, from.remote, () => usage.#lost(true));
    if (from.local !== undefined) usage.#local = LocalOffer.restore(usage.dialog, from.local, usage);
    return usage;
  }

  resume(from: UsageSnapshot): void {
    if (this.#over) return;
    this.session.resume(from.updateAllowed);
    this.#remote?.resume();
    if (from.local !== undefined) this.#local?.resume(from.local);
  }

  snapshot(): UsageSnapshot {
    return {
      dialog: this.dialog.snapshot(), updateAllowed: this.session.updateAllowed, local: this.#local?.snapshot(),
      remote: this.#remote?.snapshot(), queued: this.#queued,
    };
  }

  get over(): boolean {
    return this.#over;
  }

  // ---- from the call machine

  offer(sdp: Sdp | null): void {
    if (this.#over) return;
    if (this.#busy) {
      this.#queued = { sdp };
      return;
    }
    this.#local = new LocalOffer(this.dialog, sdp, false, this.session.requestHeaders(), this);
    this.#local.start();
  }

  ackOffer(sdp: Sdp | null): void {
    this.#local?.acknowledge(sdp);
    this.#settled();
  }

  answerOffer(sdp: Sdp | null): void {
    const remote = this.#remote;
    if (remote === undefined || remote.answered) return;
    if (sdp !== null) this.dialog.localSdp = sdp;
    remote.accept(sdp, this.session.responseHeaders);
    this.session.begin();
    if (!remote.needsAck) this.#settled();
  }

  rejectOffer(status: number, reason: string): void {
    if (this.#remote === undefined || this.#remote.answered) return;
    this.#remote.reject(status, reason);
    this.#remote = undefined;
    this.#settled();
  }

  notify(event: 'talk' | 'hold'): void {
    const notified = (status: number): void => {
      if (!this.#over) this.host.report({ kind: 'notified', status });
    };
    this.dialog.request('NOTIFY', {
      onResponse: (response) => {
        if (response.status >= 200) notified(response.status);
      },
      onFailure: (reason) => notified(reason === 'timeout' ? 408 : 503),
    }, { headers: [['Event', event], ['Subscription-State', 'active']] });
  }

  /** RFC 3261 §11: OPTIONS within a dialog that is gone gets 481. Its BYE passed us by while we could not be reached. */
  probe(): void {
    if (this.#over) return;
    this.dialog.request('OPTIONS', {
      onResponse: ({ status }) => {
        if (status === 481) this.#lost(false);
        else if (status === 408) this.#lost(true);
      },
      onFailure: () => this.#lost(true),
    }, {});
  }

  /** Ends the dialog with a BYE. What was under way is let go first. */
  bye(): void {
    if (this.#over) return;
    if (this.#local?.awaitsAnswer === true) this.#local.acknowledge(null);
    this.#end();
    let paid = (): void => {};
    paid = this.dialog.ports.owed.bye(this.dialog.request('BYE', {
      onResponse: ({ status }) => (status >= 200 ? paid() : undefined),
      onFailure: () => paid(),
    }, {}));
  }

  // ---- from the far end

  onRequest(request: SipRequest, transaction: ServerTransaction): void {
    if (this.#remote?.repeatedBy(request, transaction) === true) return this.host.changed();
    const status = this.dialog.accept(request);
    if (status !== undefined) return this.#answer(request, transaction, status);
    switch (request.method) {
      case 'BYE': return this.#onBye(request, transaction);
      case 'INVITE': return this.#onOffer(request, transaction);
      case 'UPDATE': return this.#onUpdate(request, transaction);
      case 'OPTIONS': return this.#answer(request, transaction, 200, [['Allow', ALLOW], ['Accept', 'application/sdp']]);
      default: return this.#answer(request, transaction, 405, [['Allow', ALLOW]]);
    }
  }

  onAck(ack: SipRequest): void {
    const remote = this.#remote;
    if (remote === undefined || !remote.acknowledged(ack)) return;
    this.#remote = undefined;
    this.host.changed();
    if (remote.offerless) this.host.report({ kind: 'acked', sdp: bodySdp(ack) });
    this.#settled();
  }

  /** A 2xx to an INVITE of ours whose transaction is gone (RFC 3261 §13.2.2.4: each of them gets its ACK). */
  onRepeatedSuccess(response: SipResponse): void {
    if (this.#over || response.to.tag !== this.dialog.data.remoteTag) return;
    if (this.#local?.onRepeatedSuccess(response) !== true) this.dialog.ack(response.cseq.seq, null);
  }

  // ---- from our own re-INVITE

  answered(offer: LocalOffer, response: SipResponse, sdp: Sdp | null): void {
    this.session.onResponse(response);
    if (offer.sdp !== null) this.dialog.localSdp = offer.sdp;
    if (!offer.refresh) this.host.report({ kind: 'offerAnswered', sdp });
    this.#settled();
  }

  rejected(offer: LocalOffer, status: number): void {
    this.#local = undefined;
    if (!offer.refresh) this.host.report({ kind: 'offerRejected', status });
    this.#settled();
  }

  lost(bye: boolean): void {
    this.#lost(bye);
  }

  get #busy(): boolean {
    return this.#remote !== undefined || (this.#local !== undefined && !this.#local.complete);
  }

  #onBye(request: SipRequest, transaction: ServerTransaction): void {
    this.#answer(request, transaction, 200);
    this.#end();
    this.host.report({ kind: 'gone', cause: 'bye' });
    this.host.ended();
  }

  #onOffer(request: SipRequest, transaction: ServerTransaction): void {
    if (hasForeignBody(request)) return this.#answer(request, transaction, 415, [['Accept', 'application/sdp']]);
    this.#overtaken(request);
    const refused = this.#refusalOfOffer();
    if (refused !== undefined) return this.#answer(request, transaction, refused, retryAfter(refused, this.dialog));
    const tooShort = this.session.onRequest(request);
    if (tooShort !== undefined) return this.#answer(request, transaction, 422, tooShort);
    this.#remote = new RemoteOffer(this.dialog, request, transaction, () => this.#lost(true));
    this.host.report({ kind: 'offered', sdp: this.#remote.sdp });
  }

  /** Without a body it only refreshes the session (RFC 4028 §7.4) and is none of the machine's business. */
  #onUpdate(request: SipRequest, transaction: ServerTransaction): void {
    if (request.body !== '') return this.#onOffer(request, transaction);
    const tooShort = this.session.onRequest(request);
    if (tooShort !== undefined) return this.#answer(request, transaction, 422, tooShort);
    this.session.begin();
    this.host.alive();
    this.#answer(request, transaction, 200, [['Contact', this.dialog.ports.contact], ...this.session.responseHeaders]);
  }

  /**
   * An INVITE that comes before the ACK of the last one: its sender has our 2xx (RFC 3261 §14.1), so the ACK went another way, through
   * another proxy, and is not waited for. An ACK that brings the answer is.
   */
  #overtaken(request: SipRequest): void {
    const remote = this.#remote;
    if (request.method !== 'INVITE' || remote?.answered !== true || remote.offerless) return;
    remote.stop();
    this.#remote = undefined;
  }

  /** RFC 3261 §14.2: 491 when our own offer is under way, 500 when the far end's last one is. */
  #refusalOfOffer(): 491 | 500 | undefined {
    if (this.#remote !== undefined) return 500;
    return this.#busy || this.dialog.offerPending ? 491 : undefined;
  }

  #refreshByInvite(): void {
    if (this.#busy || this.#over || this.dialog.localSdp === null) return;
    this.#local = new LocalOffer(this.dialog, this.dialog.localSdp, true, this.session.requestHeaders(), this);
    this.#local.start();
  }

  #settled(): void {
    if (this.#remote?.answered === true && !this.#remote.needsAck) this.#remote = undefined;
    if (this.#busy || this.#queued === undefined) return;
    const { sdp } = this.#queued;
    this.#queued = undefined;
    this.offer(sdp);
  }

  #lost(bye: boolean): void {
    if (this.#over) return;
    if (bye) this.bye();
    else this.#end();
    this.host.report({ kind: 'gone', cause: 'lost' });
    this.host.ended();
  }

  #end(): void {
    this.#over = true;
    this.session.stop();
    this.#local?.stop();
    this.#remote?.stop();
    this.#queued = undefined;
  }

  #answer(
    request: SipRequest, transaction: ServerTransaction, status: number, headers: readonly HeaderLine[] = [],
  ): void {
    transaction.respond(makeResponse(request, status, undefined, { headers }));
  }
}

function retryAfter(status: number, dialog: InDialog): readonly HeaderLine[] {
  return status === 500 ? [['Retry-After', String(dialog.ports.entropy.uint32() % 10)]] : [];
}
