/**
 * Offer/answer between two legs (docs/specs/call.md, "Exchanges"): at most one at a time, so that no offer ever crosses another
 * of ours (RFC 3264 §4). Tells how it ended; what follows from that is decided elsewhere.
 */
import type { Exchange, ExchangeKind, Party } from './call.state.js';
import type { Sdp } from './call.types.js';
import { heldAnswer, inactive, raiseVersion } from './sdp-hold.js';
import type { Step } from './step.js';
import { GLARE_MS, GLARES_MAX, setTimer } from './timers.js';

export type ExchangeEnd =
  /** `answer` is what completed it, of the party that was asked last. */
  | { readonly exchange: Exchange; readonly ok: true; readonly answer: Sdp | null }
  | { readonly exchange: Exchange; readonly ok: false; readonly status: number };

/** `from` made an offer, or asks for one (`offer` null): `to` gets it as it is. */
export function startPass(step: Step, from: Party, to: Party, offer: Sdp | null): void {
  start(step, 'pass', from, to, offer);
}

/** `from` answered our INVITE with an offer that `to`, who waits, must answer. */
export function startConnect(step: Step, from: Party, to: Party): void {
  start(step, 'connect', from, to, from.sdp);
}

/** Both get each other's description anew: `from` is asked for an offer, `to` for the answer (RFC 3725 §5). */
export function startJoin(step: Step, from: Party, to: Party): void {
  start(step, 'join', from, to, null);
}

/** `to` and then `from`, who holds, get each other's description with every stream inactive. */
export function startHold(step: Step, from: Party, to: Party): void {
  start(step, 'hold', from, to, null);
}

function start(step: Step, kind: ExchangeKind, from: Party, to: Party, offer: Sdp | null): void {
  step.call.exchange = { kind, from: from.id, to: to.id, step: 0, offer, glares: 0 };
  proceed(step, step.call.exchange);
}

/** Sends the first offer, unless an abandoned one to the same party still waits for its outcome. */
function proceed(step: Step, exchange: Exchange): void {
  const from = step.known(exchange.from);
  const to = step.known(exchange.to);
  const first = exchange.kind === 'join' ? from : to;
  if (first.offering) return;
  exchange.step = 1;
  switch (exchange.kind) {
    case 'pass':
    case 'connect': return offer(step, to, exchange.offer === null ? null : shape(step, exchange, to, exchange.offer));
    case 'join': return offer(step, from, null);
    case 'hold':
      to.sdpShift += 1;
      return offer(step, to, held(from, to));
  }
}

function offer(step: Step, to: Party, sdp: Sdp | null): void {
  to.offering = true;
  step.push({ kind: 'offer', leg: to.leg, sdp });
}

function held(of: Party, towards: Party): Sdp | null {
  return of.sdp === null ? null : raiseVersion(inactive(of.sdp), towards.sdpShift);
}

/**
 * A description on its way from one party to another. Untouched, unless we invented versions of it before, or hold
 * the call ourselves and must not let media flow again.
 */
function shape(step: Step, exchange: Exchange, to: Party, sdp: Sdp): Sdp {
  return raiseVersion(staysSilent(step, exchange) ? inactive(sdp) : sdp, to.sdpShift);
}

/** A join ends the hold of `from`; any other exchange leaves holds as they are. */
function staysSilent(step: Step, { kind, from, to }: Exchange): boolean {
  return step.known(to).heldByServer || (kind !== 'join' && step.known(from).heldByServer);
}

/** Our offer was answered. Undefined while the exchange goes on. */
export function onOfferAnswered(step: Step, party: Party, sdp: Sdp | null): ExchangeEnd | undefined {
  party.offering = false;
  if (sdp !== null) party.sdp = sdp;
  const { exchange } = step.call;
  if (exchange === undefined) return undefined;
  if (exchange.step === 0) return void proceed(step, exchange);
  switch (exchange.kind) {
    case 'pass': return passAnswered(step, exchange, sdp);
    case 'connect': return finish(step, exchange, sdp);
    case 'join': return joinAnswered(step, exchange, sdp);
    case 'hold': return holdAnswered(step, exchange, sdp);
  }
}

function passAnswered(step: Step, exchange: Exchange, sdp: Sdp | null): ExchangeEnd | undefined {
  const from = step.known(exchange.from);
  step.push({ kind: 'answerOffer', leg: from.leg, sdp: sdp === null ? null : shape(step, exchange, from, sdp) });
  if (exchange.offer !== null) {
    from.sdp = exchange.offer;
    return finish(step, exchange, sdp);
  }
  // `to` made the offer; its answer comes with the ACK of `from`.
  exchange.offer = sdp;
  exchange.step = 2;
  return undefined;
}

function joinAnswered(step: Step, exchange: Exchange, sdp: Sdp | null): ExchangeEnd | undefined {
  const from = step.known(exchange.from);
  const to = step.known(exchange.to);
  if (exchange.step === 1) {
    exchange.offer = sdp;
    exchange.step = 2;
    if (sdp === null) return fail(step, exchange, 488);
    to.sdpShift += to.sdpShift > 0 ? 1 : 0;
    offer(step, to, shape(step, exchange, to, sdp));
    return undefined;
  }
  step.push({ kind: 'ackOffer', leg: from.leg, sdp: sdp === null ? null : shape(step, exchange, from, sdp) });
  return finish(step, exchange, sdp);
}

function holdAnswered(step: Step, exchange: Exchange, sdp: Sdp | null): ExchangeEnd | undefined {
  if (exchange.step === 2) return finish(step, exchange, sdp);
  const from = step.known(exchange.from);
  exchange.step = 2;
  from.sdpShift += 1;
  offer(step, from, held(step.known(exchange.to), from));
  return undefined;
}

/** The ACK of whoever asked for an offer carries the answer to it (RFC 3264 §4). */
export function onExchangeAcked(step: Step, party: Party, sdp: Sdp | null): ExchangeEnd | undefined {
  const { exchange } = step.call;
  if (exchange?.kind !== 'pass' || exchange.step !== 2 || exchange.from !== party.id) return undefined;
  const to = step.known(exchange.to);
  if (sdp !== null) party.sdp = sdp;
  step.push({ kind: 'ackOffer', leg: to.leg, sdp: sdp === null ? null : shape(step, exchange, to, sdp) });
  return finish(step, exchange, sdp);
}

/** Our offer was refused. A glare with an offer of the far end is tried again, but for one that only passes through. */
export function onOfferRejected(step: Step, party: Party, status: number): ExchangeEnd | undefined {
  party.offering = false;
  const { exchange } = step.call;
  if (exchange === undefined) return undefined;
  if (exchange.step === 0) return void proceed(step, exchange);
  if (exchange.kind !== 'pass' && status === 491 && exchange.glares < GLARES_MAX) {
    exchange.glares += 1;
    endHalf(step, exchange);
    setTimer(step, 'glare', GLARE_MS);
    return undefined;
  }
  return fail(step, exchange, status);
}

/** RFC 3261 §14.1: after a glare, once more from the beginning. */
export function retryExchange(step: Step): void {
  const { exchange } = step.call;
  if (exchange !== undefined) proceed(step, exchange);
}

function fail(step: Step, exchange: Exchange, status: number): ExchangeEnd {
  endHalf(step, exchange);
  const from = step.known(exchange.from);
  if (exchange.kind === 'pass') step.push({ kind: 'rejectOffer', leg: from.leg, status, reason: reasonOf(status) });
  step.call.exchange = undefined;
  return { exchange, ok: false, status };
}

/** A join that stops in its middle still owes `from` the answer to its offer. */
function endHalf(step: Step, exchange: Exchange): void {
  if (exchange.kind !== 'join' || exchange.step !== 2) return;
  const from = step.known(exchange.from);
  step.push({ kind: 'ackOffer', leg: from.leg, sdp: exchange.offer === null ? null : heldAnswer(exchange.offer) });
}

function finish(step: Step, exchange: Exchange, answer: Sdp | null): ExchangeEnd {
  step.call.exchange = undefined;
  return { exchange, ok: true, answer };
}

function reasonOf(status: number): string {
  if (status === 491) return 'Request Pending';
  return status === 488 ? 'Not Acceptable Here' : 'Offer Rejected';
}
