/** Which client transactions wait on which connection, so that they hear of its end at once. UDP is not in here. */
import { type Flow, flowKey, isFlow } from '../transport/port.js';
import type { ClientShell } from './client-shell.js';

export class ConnectionIndex {
  readonly #waiting = new Map<string, Set<ClientShell>>();

  add(transaction: ClientShell): void {
    const key = keyOf(transaction);
    if (key === undefined) return;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, new Set([transaction]));
    else waiting.add(transaction);
  }

  delete(transaction: ClientShell): void {
    const key = keyOf(transaction);
    const waiting = key === undefined ? undefined : this.#waiting.get(key);
    if (key === undefined || waiting?.delete(transaction) !== true) return;
    if (waiting.size === 0) this.#waiting.delete(key);
  }

  /** Those that waited on a connection which is gone. */
  take(flow: Flow): ReadonlySet<ClientShell> {
    const waiting = this.#waiting.get(flow.key);
    this.#waiting.delete(flow.key);
    return waiting ?? NONE;
  }
}

const NONE: ReadonlySet<ClientShell> = new Set();

function keyOf({ to }: ClientShell): string | undefined {
  if (to.transport === 'udp') return undefined;
  return isFlow(to) ? to.key : flowKey(to.transport, to.host, to.port);
}
