/** What a leg, one SIP dialog of a call, looks like to the layer that keeps it, and what it needs. */
import type { Clock, Entropy, Log } from '#kernel';
import type { ServerTransaction, SipRequest, SipResponse } from '#sip';
import type { CallEffect, CallInput, LegId } from '#telephony';
import type { Owed } from './owed.js';
import type { SipSender } from './sip-sender.js';
import type { LegSnapshot } from './snapshots.js';

/** The effects of the call machine that are about a leg. */
export type LegEffect = Extract<CallEffect, { readonly leg: LegId }>;

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs' | 'leg'> : never;
/** What a leg reports; the layer adds the leg's name and the time. */
export type LegReport = WithoutTime<Extract<CallInput, { readonly leg: LegId }>>;

export interface Leg {
  readonly callId: string;
  readonly localTag: string;
  perform(effect: LegEffect): void;
  /** A request within the dialog, CANCEL excepted. */
  onRequest(request: SipRequest, transaction: ServerTransaction): void;
  /** ACK to a 2xx of ours. */
  onAck(request: SipRequest): void;
  onCancel(): void;
  /** The proxy at that host may have forgotten what it carried: an INVITE of ours without a final answer goes there again. */
  proxyForgot(host: string): void;
  /** Asks the far end whether it still has the dialog; what is over there is over here. */
  probe(): void;
  /** Ends the dialog without the call machine's help: BYE, CANCEL or a final response. */
  drop(): void;
  /** A 2xx of the far end to an INVITE of ours, whose transaction is gone. */
  onRepeatedSuccess(response: SipResponse): void;
  /** For the process that carries it on; undefined when nothing is left to carry on. */
  snapshot(): LegSnapshot | undefined;
  /** After it was made from a snapshot, when its call has taken note: sends what was under way. */
  resume(): void;
  /** For operators. */
  readonly state: string;
}

/** The leg's way to its call. */
export interface LegHost {
  report(report: LegReport): void;
  /** A session refresh: no input, but a sign of life. */
  alive(): void;
  /** Its snapshot is another one now. */
  changed(): void;
  /** Nothing of the leg remains; it is not called any more. */
  ended(): void;
}

export interface LegPorts {
  readonly sender: SipSender;
  readonly owed: Owed;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** Host of From, To and Via: the cluster's one name (PRX-13, PRX-28). */
  readonly accessPoint: string;
  /** Value of Contact: names the node in its user part (docs/specs/sip-routing.md). */
  readonly contact: string;
  option(name: string, dn?: string): string;
  /** Tag of our end of a dialog; it names the node, too, for far ends that know no Contact. */
  newTag(): string;
}

/** RFC 3261 §8.1.1.6. */
export const MAX_FORWARDS = 70;

/** Methods that a leg understands; Allow in whatever offers or answers a session. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, NOTIFY, INFO';
export const SDP_TYPE = 'application/sdp';

const TAG_DIGITS = 16;

/** A new tag that names the node as Contact does: who ignores Contact and Route still shows the proxy the way (docs/specs/sip-routing.md). */
export function newLocalTag({ contact, entropy }: Pick<LegPorts, 'contact' | 'entropy'>): string {
  const user = contact.slice(contact.indexOf(':') + 1, contact.indexOf('@'));
  return `${user}.${entropy.hex(TAG_DIGITS)}`;
}
