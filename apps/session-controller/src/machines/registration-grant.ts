/** How long a REGISTER's contacts may last, and until when its DN can be reached (RFC 3261 §10.3). Pure. */

export interface RequestedContact {
  /** As in the Contact header: `<uri>;params`, without `expires`. */
  readonly contact: string;
  /** Of the contact's own parameter; undefined when it has none. */
  readonly expires: number | undefined;
}

export interface RegisterFacts {
  readonly star: boolean;
  readonly contacts: readonly RequestedContact[];
  /** Value of the Expires header. */
  readonly expires: number | undefined;
  /** `X-Cordboard-Other-Bindings`: seconds that bindings beside these last. */
  readonly otherBindings: number;
}

export interface RegistrationLimits {
  readonly defaultExpires: number;
  readonly minExpires: number;
  readonly maxExpires: number;
}

export type RegistrationGrant =
  | {
    readonly kind: 'granted';
    readonly contacts: readonly { readonly contact: string; readonly expires: number }[];
    /** Seconds that the DN can be reached from now on; 0 = not any more; undefined when the request changed nothing. */
    readonly reachable: number | undefined;
  }
  | { readonly kind: 'refused'; readonly status: 400 | 423 };

export function grantRegistration(facts: RegisterFacts, limits: RegistrationLimits): RegistrationGrant {
  if (facts.star) {
    // §10.3 step 6: `*` removes everything, and only that.
    if (facts.contacts.length > 1 || facts.expires !== 0) return { kind: 'refused', status: 400 };
    return { kind: 'granted', contacts: [], reachable: 0 };
  }
  if (facts.contacts.length === 0) return { kind: 'granted', contacts: [], reachable: undefined };
  const contacts: { contact: string; expires: number }[] = [];
  for (const { contact, expires } of facts.contacts) {
    const wanted = expires ?? facts.expires ?? limits.defaultExpires;
    // Step 7: too brief, unless it is a removal.
    if (wanted > 0 && wanted < limits.minExpires) return { kind: 'refused', status: 423 };
    contacts.push({ contact, expires: Math.min(wanted, limits.maxExpires) });
  }
  const longest = Math.max(...contacts.map((contact) => contact.expires));
  return { kind: 'granted', contacts, reachable: Math.max(longest, facts.otherBindings) };
}
