/**
 * What a transaction machine asks for. The machine knows states and delays, never bytes: "the request" and "the last
 * response" are the shell's. Effects are calls instead of objects because a step of the hot path makes two or three.
 */
import type { ClientFailure } from './users.js';
import type { TransactionTimer } from './timers.js';

interface TimerEffects {
  /** Arms a timer. Of the resend timers, and of the others, one each runs at a time: arming replaces. */
  setTimer(timer: TransactionTimer, delayMs: number): void;
  stopTimer(timer: TransactionTimer): void;
  /** The last effect of every transaction. */
  terminated(): void;
}

export interface ClientEffects<Response> extends TimerEffects {
  sendRequest(): void;
  /** ACK to a non-2xx (RFC 3261 §17.1.1.3). */
  sendAck(response: Response): void;
  deliver(response: Response): void;
  fail(reason: ClientFailure): void;
  /** Asks the other end by CANCEL to end an INVITE that nobody waits for any more; once. */
  withdraw(): void;
}

export interface ServerEffects<Response> extends TimerEffects {
  /** Sends a response of the user and keeps it as the last one. */
  sendResponse(response: Response): void;
  resendResponse(): void;
  /** 100, of the transaction's own making. */
  sendTrying(): void;
  /** An ACK of a 2xx that names the branch of its INVITE: the user's business, not ours. */
  deliverAck(): void;
  /** Nobody acknowledged (Timer H). */
  timedOut(): void;
}
