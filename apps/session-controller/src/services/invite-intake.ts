/** An INVITE that opens a call: may it come in, from whom is it, what was dialled (docs/specs/sip-routing.md, "Who calls"). */
import type { ClusterConfig } from '#config';
import type { Clock, Counter, Log, Meter } from '#kernel';
import { type HeaderLine, makeResponse, refuseUnsupported, type ServerTransaction, type SipRequest } from '#sip';
import { type Caller, CallerRecognition, type CallOrigin } from '#telephony';
import type { LegLayer } from '../legs/leg-layer.js';
import { OPENING_LEG } from '../legs/leg-layer.js';
import { bodySdp, hasForeignBody } from '../legs/sdp.js';
import { deviceAuth } from '../machines/device-auth.js';
import type { CallDirectory } from './call-directory.js';
import type { CallSlotsDesk } from './call-slots-desk.js';
import type { DigestGate } from './digest-gate.js';
import type { OverloadGuard } from './overload-guard.js';

export interface InviteIntakePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly gate: DigestGate;
  readonly legs: LegLayer;
  readonly directory: CallDirectory;
  readonly slots: CallSlotsDesk;
  readonly overload: OverloadGuard;
  draining(): boolean;
  newTag(): string;
  option(name: string, dn?: string): string;
}

interface Refusal {
  readonly status: number;
  readonly headers?: readonly HeaderLine[];
  /** For the log: what an operator might change. */
  readonly why?: string;
}

export const FLOW_HEADER = 'X-Cordboard-Flow';
const SUPPORTED = new Set(['100rel', 'timer']);
const RETRY_AFTER_S = '5';

export class InviteIntake {
  readonly #callers: CallerRecognition;
  readonly #refused: Counter;

  constructor(config: ClusterConfig, private readonly ports: InviteIntakePorts) {
    this.#callers = new CallerRecognition(config);
    this.#refused = ports.meter.counter('sc_invites_refused_total', 'INVITEs that opened no call, challenges not counted');
  }

  onInvite(request: SipRequest, transaction: ServerTransaction): void {
    const caller = this.#recognise(request);
    const refusal = this.#unfit(request) ?? this.#unauthorised(request, caller) ?? this.#overloaded();
    if (refusal !== undefined) return this.#refuse(request, transaction, refusal);
    this.#open(request, transaction, originOf(request, caller));
  }

  #recognise(request: SipRequest): Caller {
    const via = request.vias[1];
    return this.#callers.recognise({
      fromUser: request.from.uri.userName, fromHost: request.from.uri.host, flow: request.header(FLOW_HEADER),
      source: via && { host: via.host, port: via.port, received: via.received, rport: via.rport },
    });
  }

  /** RFC 3261 §8.2: what we cannot do is said before anything begins. */
  #unfit(request: SipRequest): Refusal | undefined {
    const unsupported = refuseUnsupported(request, 'Require', SUPPORTED);
    if (unsupported !== undefined) return unsupported;
    if (hasForeignBody(request)) return { status: 415, headers: [['Accept', 'application/sdp']] };
    // None is what RFC 2543 allowed: what we send then goes to From.
    if (request.contacts.length > 1 || request.isStarContact) return { status: 400 };
    return undefined;
  }

  #unauthorised(request: SipRequest, caller: Caller): Refusal | undefined {
    switch (caller.kind) {
      case 'trunk': return undefined;
      case 'unknown': return {
        status: Number(this.ports.option('unknown-gateway-reject-code')),
        why: 'the source is no trunk and From is no DN: configure a Trunk with this contact',
      };
      case 'internal': return caller.trusted ? undefined : this.#challenge(request, caller.dn);
    }
  }

  #challenge(request: SipRequest, dn: string): Refusal | undefined {
    const auth = deviceAuth(dn, 'invite', { option: (name, number) => this.ports.option(name, number) });
    if (auth.kind === 'open') return undefined;
    if (auth.kind === 'refuse') return { status: 403, why: auth.message };
    const verdict = this.ports.gate.check(request, dn, auth.password);
    return verdict.kind === 'passed' ? undefined : { status: 401, headers: verdict.headers };
  }

  /** New work is refused first (docs/specs/overload.md). */
  #overloaded(): Refusal | undefined {
    const retry: readonly HeaderLine[] = [['Retry-After', RETRY_AFTER_S]];
    if (this.ports.draining()) return { status: Number(this.ports.option('shutdown-sip-reject-code')), headers: retry };
    if (this.ports.directory.full) return { status: 503, headers: retry, why: 'max-calls is reached' };
    if (!this.ports.overload.admits()) return { status: 503, headers: retry };
    return undefined;
  }

  #open(request: SipRequest, transaction: ServerTransaction, from: CallOrigin): void {
    const call = this.ports.directory.open();
    this.ports.slots.opened(call, request);
    this.ports.legs.openInbound(call, request, transaction, this.#reliable(request, from));
    const byUri = this.ports.option('init-dnis-by-ruri') === 'true';
    const dialledUri = byUri ? request.requestUri : request.to.uri;
    this.ports.directory.feed(call, {
      kind: 'invited', leg: OPENING_LEG, from, dialled: dialledUri?.userName ?? '',
      ani: from.kind === 'internal' ? from.dn : from.number,
      displayName: request.from.display, sdp: bodySdp(request), nowMs: this.ports.clock.nowMs(),
    });
  }

  /** RFC 3262 §3: must when it is required, may when it is supported. */
  #reliable(request: SipRequest, from: CallOrigin): boolean {
    if (request.values('Require').includes('100rel')) return true;
    const object = from.kind === 'internal' ? from.dn : from.trunk;
    return request.values('Supported').includes('100rel') && this.ports.option('sip-enable-100rel', object) === 'true';
  }

  #refuse(request: SipRequest, transaction: ServerTransaction, refusal: Refusal): void {
    if (refusal.status !== 401) this.#refused.add();
    if (refusal.why !== undefined) {
      this.ports.log.warn('INVITE refused', { status: refusal.status, from: request.from.uriText, via: request.vias[1]?.sentBy, reason: refusal.why });
    }
    transaction.respond(makeResponse(request, refusal.status, undefined, {
      toTag: this.ports.newTag(), headers: refusal.headers ?? [],
    }));
  }
}

function originOf(request: SipRequest, caller: Caller): CallOrigin {
  if (caller.kind === 'internal') return { kind: 'internal', dn: caller.dn };
  return { kind: 'trunk', trunk: caller.kind === 'trunk' ? caller.trunk : '', number: request.from.uri.userName };
}
