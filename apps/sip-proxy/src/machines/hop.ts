/** One try to pass a request on: where it goes, how it looks there, and how long it may stay without any answer. */
import type { Flow, Target } from '#sip';
import type { AccessName } from './access-names.js';

export interface Hop {
  readonly to: Target | Flow;
  /** The request without our Via. */
  readonly bytes: string;
  /** What our Via says. */
  readonly name: AccessName;
  /** Undefined: as long as the transaction's own timers allow. */
  readonly timeoutMs: number | undefined;
}

/** Why a hop brought no answer that counts. */
export type HopFailure =
  /** Nothing came back in time. */
  | 'silent'
  /** It could not be sent. */
  | 'unreachable'
  /** 503: it lives, and wants no new work. */
  | 'busy';

/** The hops of one branch, tried one after the other until one of them answers. */
export interface HopSource {
  next(): Hop | undefined;
  failed(hop: Hop, failure: HopFailure): void;
}
