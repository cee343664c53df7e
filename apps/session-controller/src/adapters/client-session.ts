/** What this tier needs of a T-Library client. `TlibSession` is one, and so is whatever a test or the simulation makes. */
import type { TEvent } from '#tlib';

export interface ClientSession {
  readonly id: string;
  readonly applicationName: string;
  /** False while its connection is lost; absent where a session has no connection. */
  readonly connected?: boolean;
  /** Queued and numbered by the session; while the connection is lost, events wait for its resume. */
  send(event: TEvent, referenceID?: number): void;
}
