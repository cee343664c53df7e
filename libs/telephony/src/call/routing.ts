/** Calls at Routing Points: arrival, departure, and default routing when no router answers (tlibrary §6.4, §6.12; SC-14..16). */
import type { KVList } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import { beginAttempt, type Reachable } from './attempt.js';
import { type CallStateName, type Party, PartyKind, PartyState, type RouteInstruction } from './call.state.js';
import { type Attributes, tell, withLists } from './events.js';
import { giveUp } from './give-up.js';
import { EMPTY } from './kv.js';
import { ringCaller } from './legs.js';
import { listOf } from './no-answer-rule.js';
import { addParty, advance, entryAttributes, removeParty } from './parties.js';
import { stopWaiting } from './queue-end.js';
import { type Failure, nowhereFailure, silenceFailure } from './sip-failure.js';
import type { Step } from './step.js';
import { clearTimer, isArmed, setTimer } from './timers.js';

export interface Arrival {
  readonly enteredBy?: CallStateName;
  readonly broughtBy?: string;
}

/** The waiting party comes to a Routing Point. EventQueued first, EventRouteRequest second (tlibrary §4.7). */
export function enterQueue(step: Step, dn: string, arrival: Arrival = {}): void {
  const { call } = step;
  const point = addParty(step, {
    kind: PartyKind.RoutingPoint, dn, role: 'Destination', business: true, thisQueue: dn, peer: step.waiting, ...arrival,
  });
  call.queue = { party: point.id, treatment: '', defaultRoute: '' };
  call.lastQueue = dn;
  ringCaller(step, step.known(call.waiting), 180, null);
  advance(step, point, PartyState.Queued, 'EventQueued', arrivalAttributes(step, point));
  askForRoute(step);
  awaitInstruction(step);
}

export function askForRoute(step: Step): void {
  const point = queuePoint(step);
  tell(step, 'EventRouteRequest', point, arrivalAttributes(step, point));
}

function arrivalAttributes(step: Step, point: Party): Attributes {
  return withLists(entryAttributes(point), EMPTY, arrivalExtensions(step));
}

/** In the cluster: where the call came in (tlibrary §4.6). */
function arrivalExtensions(step: Step): KVList {
  const { from } = step.call;
  const location: KVList = [['geo-location', step.env.geoLocation]];
  return from.kind === 'trunk' ? [...location, ['OtherTrunkName', from.trunk]] : location;
}

/** The call waits for a router: for the first time, or again after a failed attempt (tlibrary §6.12). */
export function awaitInstruction(step: Step): void {
  const point = queuePoint(step);
  if (step.env.routers(point.dn) === 0) return defaultRoute(step);
  const limitMs = step.secondsMs('router-timeout', point.dn);
  if (limitMs > 0) setTimer(step, 'router', limitMs);
}

/** An instruction that leaves the call where it is shows that the router lives: its time begins anew (SC-14 is about silence). */
export function routerSpoke(step: Step): void {
  if (isArmed(step, 'router')) awaitInstruction(step);
}

export function queuePoint(step: Step): Party {
  return step.known(step.call.queue?.party ?? 0);
}

export interface Departure {
  /** DN or number the call goes to. */
  readonly to: string;
  readonly routeType: string;
  readonly origin?: RequestOrigin | undefined;
  readonly instruction?: RouteInstruction | undefined;
}

/** The call leaves its Routing Point for a destination: EventRouteUsed, then EventDiverted (tlibrary §14.2). */
export function leaveQueue(step: Step, { to, routeType, origin, instruction }: Departure): void {
  const point = queuePoint(step);
  stopWaiting(step);
  const destination = { ThirdPartyDN: to, ThirdPartyDNRole: 'Destination' };
  const used = withLists({ ...destination, RouteType: routeType }, instruction?.reasons ?? EMPTY, instruction?.extensions ?? EMPTY);
  tell(step, 'EventRouteUsed', point, used, origin);
  step.call.queue = undefined;
  removeParty(step, point, { msg: 'EventDiverted', more: destination, cause: 'Route' });
}

/** A router's instruction resets what default routing has tried. */
export function forgetDefaults(step: Step): void {
  step.call.triedDefaults = [];
  step.call.redirections = 0;
}

/**
 * The next default destination that has not been tried. `last` is what the previous one failed with.
 * Rejects the call when none is left.
 */
export function defaultRoute(step: Step, last?: Failure): void {
  const { call } = step;
  clearTimer(step, 'router');
  const point = queuePoint(step);
  let failure = last ?? silenceFailure(57, `no router answered at ${point.dn} and no default-dn is left: configure default-dn`);
  for (const target of defaultTargets(step, point)) {
    if (call.triedDefaults.includes(target)) continue;
    call.triedDefaults = [...call.triedDefaults, target];
    const destination = step.env.resolve(target, { kind: 'internal', dn: point.dn });
    if (step.takesPart(destination)) continue;
    if (destination.kind === 'nowhere') failure = nowhereFailure(destination);
    else if (destination.kind !== 'routingPoint') return beginDefault(step, destination);
    else if (call.redirections < redirectionLimit(step)) return redirect(step, destination.dn);
  }
  giveUp(step, failure);
}

function beginDefault(step: Step, destination: Reachable): void {
  beginAttempt(step, { purpose: 'default', destination, business: true });
}

function redirectionLimit(step: Step): number {
  return Number(step.env.option('default-redirection-limit'));
}

function redirect(step: Step, to: string): void {
  step.call.redirections += 1;
  leaveQueue(step, { to, routeType: 'Default' });
  enterQueue(step, to);
}

/**
 * Default destinations in the order of this call: what SetDefaultRoute named, then `default-dn`. Calls start at different places of the list
 * (round-robin by their number). `default-redirection-limit` 0 switches default routing off.
 */
export function defaultTargets(step: Step, point: Party): readonly string[] {
  if (redirectionLimit(step) === 0) return [];
  const configured = listOf(step.env.option('default-dn', point.dn)) ?? [];
  const start = configured.length === 0 ? 0 : step.call.identity.callID % configured.length;
  const rotated = [...configured.slice(start), ...configured.slice(0, start)];
  const chosen = step.call.queue?.defaultRoute ?? '';
  return chosen === '' ? rotated : [chosen, ...rotated];
}
