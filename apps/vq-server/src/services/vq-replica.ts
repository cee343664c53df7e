/** What the other half of the pair is told: calls in queues, and grants (docs/specs/virtual-queue.md, "The other half of a pair"). */
import { entriesUnder, type Replica } from '#cluster';
import type { QueuedCall } from '../machines/queue-contents.js';

/** A client of the lost process is known by its program only. */
export interface OfClient {
  readonly client: string;
  readonly applicationName: string;
}

export interface QueueEntry extends QueuedCall, OfClient {
  readonly dn: string;
}

export interface GrantEntry extends OfClient {
  readonly window: number;
  readonly keys: readonly string[];
  readonly priority: number;
  readonly durationMs: number;
  readonly untilMs: number;
}

const QUEUE = 'queue/';
const GRANT = 'grant/';

export class VqReplica {
  /** In order of arrival. */
  readonly queued: readonly QueueEntry[];
  readonly grants: readonly GrantEntry[];

  constructor(private readonly replica: Replica) {
    this.queued = Array.from(entriesUnder<QueueEntry>(replica.restored, QUEUE), ([, entry]) => entry).sort((a, b) => a.place - b.place);
    this.grants = Array.from(entriesUnder<GrantEntry>(replica.restored, GRANT), ([, entry]) => entry);
  }

  putQueued(entry: QueueEntry): void {
    this.replica.put(`${QUEUE}${entry.dn}/${entry.connID}`, entry);
  }

  removeQueued(dn: string, connID: string): void {
    this.replica.remove(`${QUEUE}${dn}/${connID}`);
  }

  putGrant(entry: GrantEntry): void {
    this.replica.put(GRANT + entry.window, entry);
  }

  removeGrant(window: number): void {
    this.replica.remove(GRANT + window);
  }

  /** Before what shows it leaves. */
  flush(): void {
    this.replica.flush();
  }
}
