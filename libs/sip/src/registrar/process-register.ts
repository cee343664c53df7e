/** What a REGISTER does to the bindings of its AOR: RFC 3261 §10.3 steps 6 to 8, Path by RFC 3327. */
import type { NameAddr } from '../headers/name-addr.js';
import { unquote } from '../headers/params.js';
import type { HeaderLine } from '../message/make.js';
import type { SipRequest } from '../message/message.js';
import { parseUri, uriEquals } from '../uri/uri.js';

/** One Contact of an AOR. */
export interface Binding {
  /** The URI as first registered. */
  readonly contact: string;
  readonly expiresAtMs: number;
  readonly callId: string;
  readonly cseq: number;
  /** 0 to 1. */
  readonly q: number;
  /** Path values, topmost first: the route set towards this contact. */
  readonly path: readonly string[];
  /** `+sip.instance` and `reg-id` (RFC 5626), when given. */
  readonly instanceId?: string;
  readonly regId?: number;
}

export interface RegistrarRules {
  readonly nowMs: number;
  /** Seconds, when the phone does not say (PRX-06). */
  readonly defaultExpires: number;
  /** Shorter lifetimes get 423, unless they are an hour or more (§10.3 step 7). */
  readonly minExpires: number;
  readonly maxExpires: number;
  readonly maxBindings: number;
}

export interface RegisterOutcome {
  readonly status: number;
  /** All bindings of the AOR afterwards; the same array when the request was refused or only asked. */
  readonly bindings: readonly Binding[];
  /** Contact values of the 200, with what is left of each lifetime. */
  readonly contacts: readonly string[];
  /** Further headers of the response: Min-Expires of a 423, Path of a 200. */
  readonly headers: readonly HeaderLine[];
}

const HOUR_S = 3600;
const CONTACTS_IN_REQUEST_MAX = 32;

/** Pure. Refused as a whole or done as a whole (§10.3 step 7). Authentication, and which AOR it is, come before this. */
export function processRegister(bindings: readonly Binding[], request: SipRequest, rules: RegistrarRules): RegisterOutcome {
  const live = bindings.filter(({ expiresAtMs }) => expiresAtMs > rules.nowMs);
  if (request.isStarContact || starAmongOthers(request)) return removeAll(live, request, rules);
  if (request.contacts.length === 0) return done(live, request, rules);
  if (request.contacts.length > CONTACTS_IN_REQUEST_MAX) return refuse(live, 400);
  return update(live, request, rules);
}

/** §10.3 step 6. */
function removeAll(live: readonly Binding[], request: SipRequest, rules: RegistrarRules): RegisterOutcome {
  if (starAmongOthers(request) || secondsOf(request.header('Expires')) !== 0) return refuse(live, 400);
  if (live.some((binding) => isOutdated(request, binding))) return refuse(live, 500);
  return done([], request, rules);
}

/** §10.3 step 7. */
function update(live: readonly Binding[], request: SipRequest, rules: RegistrarRules): RegisterOutcome {
  let next = [...live];
  for (const contact of request.contacts) {
    const lifetimeS = lifetimeOf(contact, request, rules);
    if (lifetimeS === undefined) return refuse(live, 423, [['Min-Expires', String(rules.minExpires)]]);
    // More than one where an instance moves to the address of a binding without one: it takes the place of both.
    const same = next.filter((binding) => isSameContact(binding, contact));
    if (same.some((binding) => isOutdated(request, binding))) return refuse(live, 500);
    const others = next.filter((binding) => !same.includes(binding));
    next = lifetimeS === 0 ? others : [...others, bind(contact, same[0], request, rules.nowMs + lifetimeS * 1000)];
  }
  // A full AOR still takes refreshes and removals.
  if (next.length > rules.maxBindings && next.length > live.length) return refuse(live, 403);
  return done(next, request, rules);
}

/** Seconds; undefined when it is too short. */
function lifetimeOf(contact: NameAddr, request: SipRequest, rules: RegistrarRules): number | undefined {
  const asked = secondsOf(contact.params.get('expires')) ?? secondsOf(request.header('Expires')) ?? rules.defaultExpires;
  if (asked === 0) return 0;
  if (asked < rules.minExpires && asked < HOUR_S) return undefined;
  return Math.min(asked, rules.maxExpires);
}

/** §10.3 step 7: from the same UA a REGISTER must be newer than what it changes. */
function isOutdated(request: SipRequest, binding: Binding): boolean {
  return request.callId === binding.callId && request.cseq.seq <= binding.cseq;
}

/** RFC 5626 §6: instance and reg-id say which flow it is, however its address changed. Otherwise URIs compare. */
function isSameContact(binding: Binding, contact: NameAddr): boolean {
  const instanceId = instanceOf(contact);
  const regId = regIdOf(contact);
  if (instanceId !== undefined && regId !== undefined && binding.instanceId !== undefined && binding.regId !== undefined) {
    return binding.instanceId === instanceId && binding.regId === regId;
  }
  if (binding.contact === contact.uriText) return true;
  const known = parseUri(binding.contact);
  return known.ok && uriEquals(known.value, contact.uri);
}

function bind(contact: NameAddr, known: Binding | undefined, request: SipRequest, expiresAtMs: number): Binding {
  const instanceId = instanceOf(contact);
  const regId = regIdOf(contact);
  return {
    contact: known !== undefined && known.instanceId === undefined ? known.contact : contact.uriText,
    expiresAtMs,
    callId: request.callId,
    cseq: request.cseq.seq,
    q: qOf(contact),
    path: request.values('Path'),
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(regId === undefined ? {} : { regId }),
  };
}

function done(next: readonly Binding[], request: SipRequest, rules: RegistrarRules): RegisterOutcome {
  const contacts = next.map((binding) => contactValue(binding, rules.nowMs));
  // RFC 3327 §5.3: the UA sees the path it registered by.
  const headers = request.contacts.length === 0 ? [] : request.values('Path').map((path): HeaderLine => ['Path', path]);
  return { status: 200, bindings: next, contacts, headers };
}

function refuse(bindings: readonly Binding[], status: number, headers: readonly HeaderLine[] = []): RegisterOutcome {
  return { status, bindings, contacts: [], headers };
}

/** `<uri>;expires=…`, with q, instance and reg-id as registered. */
export function contactValue(binding: Binding, nowMs: number): string {
  const expires = Math.max(0, Math.ceil((binding.expiresAtMs - nowMs) / 1000));
  const q = binding.q === 1 ? '' : `;q=${binding.q}`;
  const instance = binding.instanceId === undefined ? '' : `;+sip.instance="${binding.instanceId}"`;
  const regId = binding.regId === undefined ? '' : `;reg-id=${binding.regId}`;
  return `<${binding.contact}>;expires=${expires}${q}${instance}${regId}`;
}

function starAmongOthers(request: SipRequest): boolean {
  return !request.isStarContact && request.values('Contact').includes('*')
    || request.isStarContact && request.values('Contact').length > 1;
}

function qOf(contact: NameAddr): number {
  const text = contact.params.get('q') ?? '';
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : 1;
}

function instanceOf(contact: NameAddr): string | undefined {
  const text = contact.params.get('+sip.instance');
  return text === undefined ? undefined : unquote(text);
}

function regIdOf(contact: NameAddr): number | undefined {
  const regId = secondsOf(contact.params.get('reg-id'));
  return regId === undefined || regId === 0 ? undefined : regId;
}

/** A whole number below 2^32; undefined for anything else (§10.3 step 7 then takes the default). */
function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined;
}
