/** All DNs of a T-Controller, page after page: for whoever starts, or hears of it again (docs/specs/cluster-protocol.md). */
import { type Bus, subjects } from '#cluster';
import type { Clock } from '#kernel';
import type { DnSnapshot, SnapshotReply, SnapshotRequest } from '../messages/index.js';

const PAGE_LIMIT = 200;
const PAGE_MS = 2_000;

interface PagePorts {
  readonly bus: Bus;
  readonly clock: Clock;
}

export interface SnapshotReader {
  each(snapshot: DnSnapshot): void;
  /** All were read, or the node is not there any more. */
  done?(): void;
}

/** Asks again while there is no answer, as long as the node `isThere`. */
export function readSnapshots(ports: PagePorts, node: string, isThere: () => boolean, reader: SnapshotReader, after = ''): void {
  const question: SnapshotRequest = { kind: 'page', after, limit: PAGE_LIMIT };
  ports.bus.request(subjects.tcSnapshot(node), question, PAGE_MS, (reply) => {
    if (!isThere()) return reader.done?.();
    const answer = reply.kind === 'reply' ? reply.message as SnapshotReply : undefined;
    if (answer?.kind !== 'page') return void ports.clock.setTimer(PAGE_MS, () => readSnapshots(ports, node, isThere, reader, after));
    for (const snapshot of answer.snapshots) reader.each(snapshot);
    const last = answer.snapshots.at(-1);
    if (answer.more && last !== undefined) readSnapshots(ports, node, isThere, reader, last.dn);
    else reader.done?.();
  });
}
