/**
 * Where the phones of an AOR are. Every driver answers from this process's memory, since a call waits for no server: a driver
 * for a server keeps a replica, writes behind it and reports what others wrote as deltas.
 */

/** One Contact that a phone registered (RFC 3261 §10.3). */
export interface LocationBinding {
  /** The Contact's URI as the phone sent it; a registrar compares it by RFC 3261 §19.1.4 before it chooses it as a key. */
  readonly contact: string;
  readonly expiresAtMs: number;
  /** When the registrar accepted it: of two reports of one contact the later stands. */
  readonly updatedAtMs: number;
  readonly callId: string;
  readonly cseq: number;
  /** 0 to 1. */
  readonly q: number;
  /** Path header values, topmost first (RFC 3327). */
  readonly path: readonly string[];
  /** `+sip.instance` and `reg-id` (RFC 5626), when given. */
  readonly instanceId?: string;
  readonly regId?: number;
  /** Key of the flow that the REGISTER came over, and the proxy that holds it. */
  readonly flow: string;
  readonly node: string;
  readonly userAgent?: string;
  /** What the phone calls the cluster: the host and port of its REGISTER. Absent: the access point. */
  readonly reachedAs?: string;
}

export interface LocationRemoval {
  readonly aor: string;
  readonly contact: string;
  readonly atMs: number;
}

export type LocationDelta =
  | { readonly kind: 'put'; readonly aor: string; readonly binding: LocationBinding }
  | { readonly kind: 'gone'; readonly aor: string; readonly contact: string; readonly reason: 'removed' | 'expired' };

export interface LocationPage {
  readonly entries: readonly { readonly aor: string; readonly bindings: readonly LocationBinding[] }[];
  /** Give it back as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

export interface LocationStore {
  /** Adds or renews a binding. False when a later report of that contact, or of its removal, is held. */
  put(aor: string, binding: LocationBinding): boolean;
  /** Takes a binding out. False when there is none, or it was renewed after `atMs`. */
  remove(removal: LocationRemoval): boolean;
  /** Live bindings, best `q` first, then the latest. */
  list(aor: string): readonly LocationBinding[];
  /** Live bindings of all AORs in the order of their names, page by page. What is new since the first page may be missing: `watch` tells. */
  all(limit: number, after?: string): LocationPage;
  /** Hears every change from now on, expiry included, never synchronously with `put` or `remove`. Answers how to stop. */
  watch(onDelta: (delta: LocationDelta) => void): () => void;
  /** AORs with at least one live binding. */
  readonly size: number;
  /** Whether it holds what the others hold, since it read their server. Without one: never. */
  readonly isComplete: boolean;
  close(): Promise<void>;
}
