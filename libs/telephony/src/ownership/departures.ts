/**
 * When an owner lets a DN go: to a node of another data centre where its phone is now, or, of a DN without a phone, because no
 * application holds it any more. A DN with a call or after-call work stays until both are over (docs/specs/ownership.md, "Moves").
 */
import type { Machine, Out } from '#kernel';
import type { MoveVerdict, OwnershipKind } from '../messages/index.js';

/** How the DN is, at the moment of a decision. */
export interface DepartureState {
  /** A call, a lease of one, or after-call work of one. */
  readonly busy: boolean;
  readonly loggedIn: boolean;
}

export type DepartureInput =
  /** A node of another data centre asks. `seenAtMs`: when the phone was seen here last. */
  | {
    readonly kind: 'asked'; readonly dn: string; readonly node: string; readonly ownership: OwnershipKind; readonly untilMs: number;
    readonly agoMs: number; readonly seenAtMs: number; readonly state: DepartureState; readonly nowMs: number;
  }
  /** No application of this node holds the DN any more; or one does again. */
  | { readonly kind: 'left'; readonly dn: string; readonly state: DepartureState; readonly nowMs: number }
  | { readonly kind: 'held'; readonly dn: string }
  /** Calls or agent of the DN may have changed, or time has passed. */
  | { readonly kind: 'changed'; readonly dn: string; readonly state: DepartureState; readonly nowMs: number }
  /** This node owns it no longer. */
  | { readonly kind: 'gone'; readonly dn: string };

export type DepartureEffect =
  | { readonly kind: 'verdict'; readonly verdict: MoveVerdict }
  /** What is to happen before the DN leaves: the agent is logged out, no call is offered any more. */
  | { readonly kind: 'leave'; readonly dn: string; readonly untilMs: number }
  /** It may claim now. */
  | { readonly kind: 'moveNow'; readonly dn: string; readonly node: string }
  | { readonly kind: 'giveUp'; readonly dn: string };

/** TC-07: of a DN without a phone, whose agent is logged in. */
export const LOGGED_IN_WAIT_MS = 30_000;
/** A wish that was not repeated for so long has lapsed; its maker repeats it each 5 s. */
export const WISH_LEASE_MS = 15_000;
/** How long a DN that may be claimed is offered no call: a claim comes within a message's way there and back. */
export const LEAVE_MS = 1_500;

interface Suitor {
  readonly node: string;
  readonly sinceMs: number;
  heardMs: number;
  /** It was told that it may claim. */
  grantedMs: number | undefined;
}

interface Entry {
  ownership: OwnershipKind;
  suitor: Suitor | undefined;
  left: boolean;
  /** Since when neither call nor after-call work held the DN. */
  freeSinceMs: number | undefined;
}

type Input<K extends DepartureInput['kind']> = Extract<DepartureInput, { readonly kind: K }>;

export class Departures implements Machine<DepartureInput, DepartureEffect> {
  /** Only DNs that somebody wants away, so it is small. */
  readonly #entries = new Map<string, Entry>();

  /** DNs to be looked at as time passes. */
  get dns(): IterableIterator<string> {
    return this.#entries.keys();
  }

  has(dn: string): boolean {
    return this.#entries.has(dn);
  }

  on(input: DepartureInput, out: Out<DepartureEffect>): void {
    switch (input.kind) {
      case 'asked': return this.#asked(input, out);
      case 'left': return this.#left(input, out);
      case 'held': return this.#held(input.dn);
      case 'changed': return this.#changed(input, out);
      case 'gone': return void this.#entries.delete(input.dn);
    }
  }

  #asked({ dn, node, ownership, untilMs, agoMs, seenAtMs, state, nowMs }: Input<'asked'>, out: Out<DepartureEffect>): void {
    // The phone came back since: two nodes that remember it differently would hand it to and fro.
    if ((ownership === 'sip' && nowMs - agoMs < seenAtMs) || untilMs <= nowMs) {
      this.#drop(dn, node);
      return void out.push({ kind: 'verdict', verdict: 'no' });
    }
    const entry = this.#entry(dn, ownership);
    const sinceMs = entry.suitor?.node === node ? entry.suitor.sinceMs : nowMs;
    const suitor: Suitor = { node, sinceMs, heardMs: nowMs, grantedMs: undefined };
    entry.suitor = suitor;
    const free = this.#isFree(entry, state, nowMs);
    if (free) suitor.grantedMs = nowMs;
    if (free) out.push({ kind: 'leave', dn, untilMs: nowMs + LEAVE_MS });
    out.push({ kind: 'verdict', verdict: free ? 'now' : 'later' });
  }

  #left({ dn, state, nowMs }: Input<'left'>, out: Out<DepartureEffect>): void {
    this.#entry(dn, 'tlib').left = true;
    this.#changed({ kind: 'changed', dn, state, nowMs }, out);
  }

  #held(dn: string): void {
    const entry = this.#entries.get(dn);
    if (entry === undefined) return;
    entry.left = false;
    if (entry.suitor === undefined) this.#entries.delete(dn);
  }

  #changed({ dn, state, nowMs }: Input<'changed'>, out: Out<DepartureEffect>): void {
    const entry = this.#entries.get(dn);
    if (entry === undefined) return;
    if (entry.suitor !== undefined && hasLapsed(entry.suitor, nowMs)) this.#drop(dn, entry.suitor.node);
    const free = this.#isFree(entry, state, nowMs);
    const { suitor } = entry;
    if (suitor === undefined) return this.#withoutSuitor(dn, entry, state, out);
    if (!free || suitor.grantedMs !== undefined) return;
    suitor.grantedMs = nowMs;
    out.push({ kind: 'leave', dn, untilMs: nowMs + LEAVE_MS });
    out.push({ kind: 'moveNow', dn, node: suitor.node });
  }

  #withoutSuitor(dn: string, entry: Entry, { busy }: DepartureState, out: Out<DepartureEffect>): void {
    if (!entry.left || busy) return;
    this.#entries.delete(dn);
    out.push({ kind: 'giveUp', dn });
  }

  #isFree(entry: Entry, { busy, loggedIn }: DepartureState, nowMs: number): boolean {
    entry.freeSinceMs = busy ? undefined : entry.freeSinceMs ?? nowMs;
    const { freeSinceMs, suitor } = entry;
    if (freeSinceMs === undefined || suitor === undefined) return false;
    if (entry.ownership !== 'tlib') return true;
    // An application that neither unregistered nor left keeps the DN (the guide's first scenario, agent 2, step 5).
    if (!entry.left) return false;
    return !loggedIn || nowMs - Math.max(freeSinceMs, suitor.sinceMs) >= LOGGED_IN_WAIT_MS;
  }

  #entry(dn: string, ownership: OwnershipKind): Entry {
    let entry = this.#entries.get(dn);
    if (entry === undefined) this.#entries.set(dn, entry = { ownership, suitor: undefined, left: false, freeSinceMs: undefined });
    return entry;
  }

  #drop(dn: string, node: string): void {
    const entry = this.#entries.get(dn);
    if (entry?.suitor?.node !== node) return;
    entry.suitor = undefined;
    if (!entry.left) this.#entries.delete(dn);
  }
}

/** One that was told and did not claim asks again by itself, should it still want the DN. */
function hasLapsed({ heardMs, grantedMs }: Suitor, nowMs: number): boolean {
  return grantedMs === undefined ? nowMs - heardMs > WISH_LEASE_MS : nowMs - grantedMs >= LEAVE_MS;
}
