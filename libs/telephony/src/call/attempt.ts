/** A destination being tried: offered to its owner when the call is routed, then invited (docs/specs/call.md, "Attempts"). */
import { assert } from '#kernel';
import type { RequestOrigin } from '../messages/index.js';
import {
  type Attempt, type CallStateName, LegState, type NoAnswerRule, type Party, PartyKind, PartyState, type Purpose, type RouteInstruction,
} from './call.state.js';
import type { CallInput, Destination, Sdp } from './call.types.js';
import { EMPTY } from './kv.js';
import { closeLeg, forgetLeg, inviteParty } from './legs.js';
import { noAnswerRule, UNSUPERVISED } from './no-answer-rule.js';
import { addParty, type Farewell, removeParty } from './parties.js';
import type { Step } from './step.js';
import { clearTimer, setTimer } from './timers.js';

/** What can be invited; the others are dealt with before. */
export type Reachable = Extract<Destination, { readonly kind: 'device' | 'trunk' }>;

export interface AttemptPlan {
  readonly purpose: Purpose;
  readonly destination: Reachable;
  /** Routed or queued: the DN's owner is asked first, and the agent becomes busy. */
  readonly business: boolean;
  readonly origin?: RequestOrigin | undefined;
  readonly instruction?: RouteInstruction | undefined;
  readonly overflow?: readonly string[];
  readonly enteredBy?: CallStateName;
  readonly broughtBy?: string;
}

/** Added to the longest wait for an answer to INVITE: by then the agent's lease is a live call, or nothing. */
const LEASE_MARGIN_MS = 2_000;

export function beginAttempt(step: Step, plan: AttemptPlan): void {
  const { call } = step;
  assert(call.attempt === undefined, 'an attempt begins while another one is pending');
  const { destination, business } = plan;
  const party = addTarget(step, plan);
  const offered = business && destination.kind === 'device';
  call.attempt = {
    purpose: plan.purpose, party: party.id, stage: 'offering', offerId: 0,
    number: destination.kind === 'trunk' ? destination.number : destination.dn, uri: destination.uri,
    alternatives: destination.kind === 'trunk' ? destination.alternatives : [],
    origin: plan.origin, instruction: plan.instruction,
    noAnswer: ruleFor(step, party, plan.instruction, undefined), overflow: plan.overflow ?? [],
  };
  clearTimer(step, 'router');
  armRoutingTimer(step);
  setTimer(step, 'invite', step.secondsMs('sip-invite-timeout'));
  if (offered) askOwner(step, call.attempt, party);
  else invite(step, call.attempt, party);
}

/** May the call ring there? */
export function askOwner(step: Step, attempt: Attempt, { dn }: Party): void {
  step.call.offerCount += 1;
  attempt.offerId = step.call.offerCount;
  step.push({ kind: 'offerTo', dn, offerId: attempt.offerId, leaseMs: step.secondsMs('sip-invite-timeout') + LEASE_MARGIN_MS });
}

function addTarget(step: Step, plan: AttemptPlan): Party {
  const { destination, business, enteredBy, broughtBy } = plan;
  const where = destination.kind === 'device'
    ? { kind: PartyKind.Device, dn: destination.dn }
    : { kind: PartyKind.Outside, dn: destination.number, trunk: destination.trunk };
  return addParty(step, {
    ...where, role: 'Destination', business, peer: step.waiting, thisQueue: business ? step.call.lastQueue : '',
    ...(enteredBy === undefined ? {} : { enteredBy }), ...(broughtBy === undefined ? {} : { broughtBy }),
  });
}

function ruleFor(step: Step, party: Party, instruction: RouteInstruction | undefined, agentID: string | undefined): NoAnswerRule {
  // Nobody watches over outside lines: what rings there is not ours to judge, and after-routing-timeout bounds it.
  const { dn, business } = party;
  const extensions = instruction?.extensions ?? EMPTY;
  if (party.kind === PartyKind.Device) return noAnswerRule(step, { dn, business, agentID, extensions });
  return UNSUPERVISED;
}

/** `after-routing-timeout`: the call must have left the Routing Point by then (SC-14). */
function armRoutingTimer(step: Step): void {
  const { queue } = step.call;
  if (queue === undefined) return;
  const limitMs = step.secondsMs('after-routing-timeout', step.known(queue.party).dn);
  if (limitMs > 0) setTimer(step, 'routing', limitMs);
}

/** The attempt whose verdict this is; undefined for a late one. */
function offeredAttempt(step: Step, dn: string, offerId: number): Attempt | undefined {
  const { attempt } = step.call;
  if (attempt?.stage !== 'offering' || attempt.offerId !== offerId) return undefined;
  return step.known(attempt.party).dn === dn ? attempt : undefined;
}

export function onOfferAccepted(step: Step, input: Extract<CallInput, { readonly kind: 'offerAccepted' }>): void {
  const attempt = offeredAttempt(step, input.dn, input.offerId);
  if (attempt === undefined) return;
  const party = step.known(attempt.party);
  attempt.noAnswer = ruleFor(step, party, attempt.instruction, input.agentID);
  setTimer(step, 'invite', step.secondsMs('sip-invite-timeout'));
  invite(step, attempt, party);
}

/** False for a late verdict. */
export function offerIsCurrent(step: Step, dn: string, offerId: number): boolean {
  return offeredAttempt(step, dn, offerId) !== undefined;
}

/** Whether the destination that is called or rings was accepted by that DN's owner. Until it has answered: then the call stands. */
export function holdsOffer(step: Step, dn: string): boolean {
  const { attempt } = step.call;
  if (attempt === undefined || attempt.offerId === 0 || (attempt.stage !== 'inviting' && attempt.stage !== 'alerting')) return false;
  return step.known(attempt.party).dn === dn;
}

function invite(step: Step, attempt: Attempt, party: Party): void {
  const waiting = step.known(step.call.waiting);
  attempt.stage = 'inviting';
  const { number, uri } = attempt;
  const destination: Destination = party.kind === PartyKind.Device
    ? { kind: 'device', dn: party.dn, uri }
    : { kind: 'trunk', trunk: party.trunk, number, uri, alternatives: [] };
  inviteParty(step, party, {
    destination, fromUser: waiting.dn === '' ? 'anonymous' : waiting.dn,
    fromDisplay: waiting.role === 'Origination' ? step.call.displayName : '',
    sdp: offerOf(waiting), autoAnswer: false,
  });
}

/** The waiting party's own offer while it still waits for its answer; afterwards the destination makes one (RFC 3725 §4.1). */
function offerOf(waiting: Party): Sdp | null {
  const unanswered = waiting.legState === LegState.Incoming || waiting.legState === LegState.Unacknowledged;
  return unanswered ? waiting.sdp : null;
}

/** The same number by the next trunk, after this one failed (SC-34). False when there is none. */
export function tryNextTrunk(step: Step, attempt: Attempt): boolean {
  const [next, ...others] = attempt.alternatives;
  if (next === undefined) return false;
  const party = step.known(attempt.party);
  forgetLeg(party);
  party.trunk = next.trunk;
  step.call.attempt = { ...attempt, uri: next.uri, alternatives: others };
  setTimer(step, 'invite', step.secondsMs('sip-invite-timeout'));
  invite(step, step.call.attempt, party);
  return true;
}

/** Ends the attempt and its party's part in the call. Who asked for it is answered by the caller of this function. */
export function endAttempt(step: Step, farewell: Farewell): Attempt {
  const { attempt } = step.call;
  assert(attempt !== undefined, 'no attempt to end');
  const party = step.known(attempt.party);
  step.call.attempt = undefined;
  dropExchange(step);
  for (const timer of ['invite', 'noAnswer', 'routing'] as const) clearTimer(step, timer);
  closeLeg(step, party);
  // An accepted offer made the agent busy, and no event will tell the owner that nothing came of it.
  if (attempt.offerId !== 0 && party.state === PartyState.New) step.push({ kind: 'withdrawFrom', dn: party.dn });
  removeParty(step, party, farewell);
  return attempt;
}

/** An exchange that joined the destination to the waiting party has lost its purpose. */
function dropExchange(step: Step): void {
  step.call.exchange = undefined;
  clearTimer(step, 'glare');
}
