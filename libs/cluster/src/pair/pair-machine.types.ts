/** What goes into the machine of a pair's half and what comes out (docs/specs/pairs.md). Times are those of the half's own clock. */

/** The record in bucket `pairs-<dc>`. */
export interface Lease {
  readonly epoch: number;
  /** Process that holds it. */
  readonly owner: string;
  /** Written while the other half was unheard: whoever takes it over must ask the proxies too. */
  readonly lone: boolean;
  /** When the owner asked for this write, by its own clock: reading it back proves what the answer to the write would have. */
  readonly askedMs: number;
}

export interface SeenLease extends Lease {
  readonly revision: number;
}

/** Between the halves. `askedMs` comes back as it was sent. */
export type PairMessage =
  /** Of a primary. Whoever answers it will not take over for a while. */
  | { readonly kind: 'beat'; readonly from: string; readonly epoch: number; readonly askedMs: number }
  /** Of a half that wants to be primary. `holds`: it has all of the last term's state. */
  | { readonly kind: 'claim'; readonly from: string; readonly epoch: number; readonly askedMs: number; readonly holds: boolean }
  /** To a beat or a claim. `ready`: it holds everything that the primary has put. */
  | { readonly kind: 'ack'; readonly from: string; readonly epoch: number; readonly askedMs: number; readonly ready: boolean }
  /** Of a primary that ended its term for the other half. */
  | { readonly kind: 'yours'; readonly from: string; readonly epoch: number };

export type PairState = 'Backup' | 'Taking' | 'Primary' | 'Handing';

export type PairInput =
  | { readonly kind: 'start'; readonly nowMs: number }
  /** Each 100 ms, or as soon after as the process runs. */
  | { readonly kind: 'tick'; readonly nowMs: number }
  | { readonly kind: 'heard'; readonly message: PairMessage; readonly nowMs: number }
  /** Answers of KeyValue, however late: each names the question by when it was asked. */
  | { readonly kind: 'leaseRead'; readonly lease: SeenLease | undefined; readonly askedMs: number; readonly nowMs: number }
  | { readonly kind: 'leaseWritten'; readonly lease: SeenLease; readonly nowMs: number }
  /** Another write was first, maybe an older one of this half. `revision` is the one that was expected. */
  | { readonly kind: 'leaseRefused'; readonly revision: number | undefined; readonly askedMs: number; readonly nowMs: number }
  /** KeyValue did not answer; a write may have been carried out nevertheless. */
  | { readonly kind: 'leaseFailed'; readonly askedMs: number; readonly nowMs: number }
  | {
    readonly kind: 'proxyAnswered'; readonly proxy: string; readonly question: ProxyQuestion; readonly epoch: number; readonly yes: boolean;
    readonly askedMs: number; readonly nowMs: number;
  }
  /** Term of which everything is held here; 0: of none. */
  | { readonly kind: 'copy'; readonly epoch: number }
  /** Give the role away; see `switchoverProblem`. */
  | { readonly kind: 'switchover'; readonly nowMs: number }
  /** The last entries are at the other half, or it had its time. */
  | { readonly kind: 'handed'; readonly nowMs: number };

/** `vouch`: stand by this term. `letGo`: never vouch for it again. */
export type ProxyQuestion = 'vouch' | 'letGo';

/** Header of an OPTIONS that asks a proxy: `N1;question=vouch;epoch=5`. */
export const PAIR_HEADER = 'X-Cordboard-Pair';

export type PairEffect =
  | { readonly kind: 'send'; readonly message: PairMessage }
  | { readonly kind: 'readLease'; readonly askedMs: number }
  /** Compare-and-set against `revision`; undefined: create. */
  | { readonly kind: 'writeLease'; readonly lease: Lease; readonly revision: number | undefined }
  | { readonly kind: 'askProxies'; readonly question: ProxyQuestion; readonly epoch: number }
  /** `continues`: what is held here is all of the last term. */
  | { readonly kind: 'becamePrimary'; readonly epoch: number; readonly continues: boolean }
  /** Nothing goes in or out any more: flush what was put, then `handed`. */
  | { readonly kind: 'handOver'; readonly epoch: number }
  /** The term is over: close the tiers without a word. */
  | { readonly kind: 'becameBackup'; readonly reason: string; readonly otherLeads: boolean };

export const PAIR = {
  TICK_MS: 100,
  BEAT_MS: 200,
  /**
   * Between renewals of the lease by the primary, looks at it by the other half, and questions to proxies. The next one does not wait for the
   * answer to the one before.
   */
  LEASE_MS: 300,
  /** How long KeyValue may take for an answer that is still worth something. */
  LEASE_ANSWER_MS: 1_000,
  /** How long an answer proves the term, from when it was asked for. */
  PROOF_MS: 1_000,
  /** How long whoever answered does not take over; longer than the proof, as clocks run unevenly. */
  PROMISE_MS: 1_200,
  /** A lease that did not change for so long is nobody's proof. */
  LAPSE_MS: 1_300,
  /** After that the other half counts as away. */
  AWAY_MS: 3_000,
  /** Longest that proxies alone prove a term... */
  PROXIES_MS: 60_000,
  /** ...after which nobody needs to ask them. */
  PROXIES_LAPSE_MS: 65_000,
  /** A claim right after the start: by then a living primary was heard. */
  FIRST_CLAIM_MS: 300,
  /** How long what wants to pass a primary without proof waits for the next one. */
  HOLD_MS: 2_000,
  /** How long a primary without proof keeps its tiers, silent. */
  DOUBT_MAX_MS: 60_000,
} as const;
