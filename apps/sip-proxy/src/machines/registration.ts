/**
 * What a REGISTER changes: RFC 3261 §10.3 in two halves, since a session controller decides in between whether it may. The
 * first says what the request is about, the second what the 200 makes of it.
 */
import { fail, ok, type Result } from '#kernel';
import { type NameAddr, parseUri, type SipRequest, type SipResponse, type SipUri, uriEquals } from '#sip';
import type { LocationBinding } from '#store';

export interface RegistrationLimits {
  readonly defaultExpiresS: number;
  readonly bindingsMax: number;
}

/** One Contact of the request. */
interface ContactChange {
  readonly contact: NameAddr;
  /** Seconds as asked for; 0 removes. */
  readonly expiresS: number;
  readonly known: LocationBinding | undefined;
}

export interface RegistrationPlan {
  readonly changes: readonly ContactChange[];
  /** Bindings that the request does not touch. */
  readonly others: readonly LocationBinding[];
  /** `Contact: *`. */
  readonly removesAll: boolean;
  /** A Contact had no lifetime of its own, and neither had the request. */
  readonly usesDefault: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export function planRegistration(
  request: SipRequest, current: readonly LocationBinding[], limits: RegistrationLimits,
): Result<RegistrationPlan, Refusal> {
  if (request.isStarContact) return planRemoval(request, current);
  const header = secondsOf(request.header('Expires'));
  let usesDefault = false;
  const changes = request.contacts.map((contact): ContactChange => {
    const asked = secondsOf(contact.params.get('expires')) ?? header;
    usesDefault ||= asked === undefined;
    return { contact, expiresS: asked ?? limits.defaultExpiresS, known: findKnown(contact, current) };
  });
  const touched = new Set(changes.map(({ known }) => known));
  if (changes.some(({ known }) => isStale(request, known))) return fail(STALE);
  const others = current.filter((binding) => !touched.has(binding));
  const added = changes.filter(({ expiresS }) => expiresS > 0).length;
  if (added > 0 && others.length + added > limits.bindingsMax) return fail(TOO_MANY);
  return ok({ changes, others, removesAll: false, usesDefault });
}

const STALE: Refusal = { status: 500, reason: 'CSeq Not Higher Than Before' };
const TOO_MANY: Refusal = { status: 403, reason: 'Too Many Contacts' };
const BAD_STAR: Refusal = { status: 400, reason: 'Contact * Needs Expires 0' };

/** §10.3 step 6. */
function planRemoval(request: SipRequest, current: readonly LocationBinding[]): Result<RegistrationPlan, Refusal> {
  if (request.values('Contact').length > 1 || secondsOf(request.header('Expires')) !== 0) return fail(BAD_STAR);
  if (current.some((binding) => isStale(request, binding))) return fail(STALE);
  return ok({ changes: [], others: [], removesAll: true, usesDefault: false });
}

/** §10.3 step 7: two requests of one dialogue with the registrar count in their order only. */
function isStale({ callId, cseq }: SipRequest, binding: LocationBinding | undefined): boolean {
  return binding !== undefined && binding.callId === callId && cseq.seq <= binding.cseq;
}

/** RFC 5626 §6: with reg-id the instance is compared and not the URI: a phone that restarts comes from another port. */
function findKnown({ uri, params }: NameAddr, current: readonly LocationBinding[]): LocationBinding | undefined {
  const instanceId = params.get('+sip.instance');
  const regId = secondsOf(params.get('reg-id'));
  return current.find((binding) => regId !== undefined && instanceId !== undefined
    ? binding.regId === regId && binding.instanceId === instanceId
    : isSameUri(binding.contact, uri));
}

function isSameUri(text: string, uri: SipUri): boolean {
  if (text === uri.text) return true;
  const parsed = parseUri(text);
  return parsed.ok && uriEquals(parsed.value, uri);
}

export interface RegistrationFacts {
  readonly nowMs: number;
  /** Key of the flow that the request came over. */
  readonly flow: string;
  readonly node: string;
  readonly reachedAs: string | undefined;
}

export interface RegistrationOutcome {
  readonly puts: readonly LocationBinding[];
  /** Contacts, as the table knows them. */
  readonly removals: readonly string[];
}

/** What the 200 of the session controller makes of the plan; `current` is what the table holds by now. */
export function applyRegistration(
  request: SipRequest, granted: SipResponse, plan: RegistrationPlan, current: readonly LocationBinding[],
  facts: RegistrationFacts,
): RegistrationOutcome {
  if (plan.removesAll) return { puts: [], removals: current.map(({ contact }) => contact) };
  const puts: LocationBinding[] = [];
  const removals: string[] = [];
  for (const { contact, expiresS } of plan.changes) {
    const known = findKnown(contact, current);
    const seconds = Math.min(expiresS, grantedSeconds(contact, granted) ?? expiresS);
    const key = known !== undefined && isSameUri(known.contact, contact.uri) ? known.contact : contact.uriText;
    if (known !== undefined && (seconds === 0 || key !== known.contact)) removals.push(known.contact);
    if (seconds > 0) puts.push(makeBinding(request, contact, key, seconds, facts));
  }
  return { puts, removals };
}

/** A server may shorten a lifetime. What it does not list it did not grant, unless it lists nothing at all. */
function grantedSeconds({ uri }: NameAddr, granted: SipResponse): number | undefined {
  const { contacts } = granted;
  if (contacts.length === 0) return secondsOf(granted.header('Expires'));
  const match = contacts.find((contact) => uriEquals(contact.uri, uri));
  if (match === undefined) return 0;
  return secondsOf(match.params.get('expires')) ?? secondsOf(granted.header('Expires'));
}

function makeBinding(
  request: SipRequest, { params }: NameAddr, contact: string, seconds: number, facts: RegistrationFacts,
): LocationBinding {
  const { nowMs, flow, node, reachedAs } = facts;
  const regId = secondsOf(params.get('reg-id'));
  const instanceId = params.get('+sip.instance');
  const userAgent = request.header('User-Agent');
  return {
    contact, expiresAtMs: nowMs + seconds * 1_000, updatedAtMs: nowMs, callId: request.callId, cseq: request.cseq.seq,
    q: qOf(params.get('q')), path: request.values('Path'), flow, node,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(regId === undefined ? {} : { regId }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(reachedAs === undefined ? {} : { reachedAs }),
  };
}

/** A Contact of the 200: RFC 3261 §10.3 step 8. */
export function contactValue(binding: LocationBinding, nowMs: number): string {
  const { contact, q, instanceId, regId, expiresAtMs } = binding;
  const seconds = Math.max(0, Math.round((expiresAtMs - nowMs) / 1_000));
  const instance = instanceId === undefined ? '' : `;+sip.instance=${instanceId}`;
  const reg = regId === undefined ? '' : `;reg-id=${regId}`;
  return `<${contact}>${q === 1 ? '' : `;q=${q}`}${instance}${reg};expires=${seconds}`;
}

/** RFC 3261 §20.10: without q all Contacts are alike. */
function qOf(text: string | undefined): number {
  const q = Number(text);
  return text === undefined || !(q >= 0 && q <= 1) ? 1 : q;
}

/** RFC 3261 §20.19: what cannot be read counts as absent. */
function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
