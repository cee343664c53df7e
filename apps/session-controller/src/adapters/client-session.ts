/** What this tier needs of a T-Library client. The sockets' sessions and the simulator's both fit. */
import type { TEvent } from '#tlib';

export interface ClientSession {
  readonly id: string;
  readonly applicationName: string;
  /** Queued and numbered by the session; a lost connection's events wait for its resume. */
  send(event: TEvent): void;
}
