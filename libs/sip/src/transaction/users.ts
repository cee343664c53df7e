/** What the transaction layer and the transaction users (proxy, UAC, UAS) know of each other. */
import type { SipRequest, SipResponse } from '../message/message.js';
import type { Flow, Target } from '../transport/port.js';

/** A request of somebody else, until its final response is over. */
export interface ServerTransaction {
  /** Until the final response: after it nothing of the request is kept, and asking is a mistake. */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly state: string;
  /**
   * Sends a response the way the request came. `status` is needed with serialized text only.
   * A second final response is ignored and counted, except for further 2xx to INVITE (RFC 6026 §7.1).
   */
  respond(response: SipResponse | string, status?: number): void;
  /** Timer H: nobody acknowledged the final response to an INVITE. */
  onTimeout?: () => void;
  /** A response could not be sent, and the way of RFC 3261 §18.2.2 led nowhere either. */
  onTransportError?: () => void;
  onTerminated?: () => void;
}

/** A request of ours. */
export interface ClientTransaction {
  readonly branch: string;
  readonly state: string;
  /** The request as it left, our Via on top, for who carries the transaction on; empty after its final response. */
  readonly bytes: string;
  readonly to: Target | Flow;
  /** RFC 3261 §9.1: waits for a provisional response; does nothing once there is a final one, and nothing for non-INVITE. */
  cancel(reasonHeader?: string): void;
  /**
   * Another process has taken over: a request without an answer leaves anew, in the same transaction, so that whoever knows it already knows it again. Of one
   * that was answered provisionally CANCEL and ACK go there; a CANCEL that is under way goes again.
   */
  redirect(to: Target | Flow): void;
  /** The next hop has started again and knows nothing of it: an INVITE without a final answer leaves as at first, and so does its CANCEL after it. */
  repeat(): void;
  /** Forgets the transaction; an INVITE that nothing was heard of is cancelled all the same, as it may have arrived. Its user hears nothing more. */
  abandon(): void;
  /** Forgets the transaction; its user hears nothing more. */
  terminate(): void;
}

export type ClientFailure = 'timeout' | 'transport';

export interface ClientUser {
  /** Every 1xx and the final response; for INVITE every 2xx, retransmissions and forks included. */
  onResponse(response: SipResponse, transaction: ClientTransaction): void;
  /** No final response will come. */
  onFailure(reason: ClientFailure, transaction: ClientTransaction): void;
}

/** For a transaction whose answers concern nobody: a CANCEL, or one that has had its final response. */
export const NOBODY: ClientUser = { onResponse() {}, onFailure() {} };

export interface RequestOptions {
  /** What the top Via says; by default the address the transport listens on. A host without a port is written without one. */
  readonly viaHost?: string;
  readonly viaPort?: number;
  /** Instead of a random one: what a proxy makes of the request that it passes on, so that it makes the same of the same (RFC 3261 §16.11). */
  readonly branchId?: string;
  /** Appended to the branch: what a proxy needs to tell a loop from a spiral (RFC 5393 §4.2.1). */
  readonly loopHash?: string;
  /** Gives up earlier than 64*T1 when no final (INVITE: no provisional) response came; for failover that must not take 32 s. */
  readonly timeoutMs?: number;
}
