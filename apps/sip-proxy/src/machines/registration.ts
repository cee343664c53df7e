/**
 * What a REGISTER changes, in two halves, since a session controller decides in between whether it may. `processRegister`
 * (RFC 3261 §10.3) is asked before, for what the request is about, and after, for what becomes of the bindings.
 */
import { type Binding, parseUri, processRegister, type RegisterOutcome, type RegistrarRules, type SipRequest, type SipResponse, uriEquals } from '#sip';
import type { LocationBinding } from '#store';

/** How long the bindings last that the request does not touch; 0 when there are none. */
export function otherBindingsS(outcome: RegisterOutcome, current: readonly LocationBinding[], nowMs: number): number {
  const untouched = new Set<Binding>(current);
  let latestMs = nowMs;
  for (const binding of outcome.bindings) {
    if (untouched.has(binding)) latestMs = Math.max(latestMs, binding.expiresAtMs);
  }
  return Math.ceil((latestMs - nowMs) / 1_000);
}

/** Whether a Contact has no lifetime of its own, nor has the request: the server must know the default that we take. */
export function usesDefault(request: SipRequest): boolean {
  return request.header('Expires') === undefined && request.contacts.some(({ params }) => !params.has('expires'));
}

export interface RegistrationFacts {
  readonly rules: RegistrarRules;
  /** Key of the flow that the request came over, and the proxy that holds it. */
  readonly flow: string;
  readonly node: string;
  readonly reachedAs: string | undefined;
}

export interface RegistrationChange {
  readonly puts: readonly LocationBinding[];
  /** Contacts, as the table knows them. */
  readonly removals: readonly string[];
}

/** What the 200 of the session controller makes of the table; `current` is what it holds by now. */
export function applyRegistration(
  request: SipRequest, granted: SipResponse, current: readonly LocationBinding[], facts: RegistrationFacts,
): RegistrationChange {
  const outcome = processRegister(current, request, facts.rules);
  const untouched = new Set<Binding>(current);
  const puts: LocationBinding[] = [];
  for (const binding of outcome.bindings) {
    if (untouched.has(binding)) continue;
    const expiresAtMs = Math.min(binding.expiresAtMs, grantedUntilMs(binding, granted, facts.rules.nowMs));
    if (expiresAtMs > facts.rules.nowMs) puts.push(located({ ...binding, expiresAtMs }, request, facts));
  }
  const kept = new Set([...outcome.bindings.filter((binding) => untouched.has(binding)), ...puts].map(({ contact }) => contact));
  return { puts, removals: current.map(({ contact }) => contact).filter((contact) => !kept.has(contact)) };
}

/** A server may shorten a lifetime; what it does not list it did not grant. */
function grantedUntilMs({ contact }: Binding, granted: SipResponse, nowMs: number): number {
  const uri = parseUri(contact);
  const match = uri.ok ? granted.contacts.find((listed) => uriEquals(listed.uri, uri.value)) : undefined;
  if (match === undefined) return nowMs;
  const seconds = Number(match.params.get('expires') ?? granted.header('Expires') ?? Infinity);
  return Number.isNaN(seconds) ? nowMs : nowMs + seconds * 1_000;
}

function located(binding: Binding, request: SipRequest, { rules, flow, node, reachedAs }: RegistrationFacts): LocationBinding {
  const userAgent = request.header('User-Agent');
  return {
    ...binding, updatedAtMs: rules.nowMs, flow, node,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(reachedAs === undefined ? {} : { reachedAs }),
  };
}
