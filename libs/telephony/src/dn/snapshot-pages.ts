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

/** Asks again while there is no answer, as long as the node `isThere`. */
export function readSnapshots(ports: PagePorts, node: string, isThere: () => boolean, each: (snapshot: DnSnapshot) => void, after = ''): void {
  const question: SnapshotRequest = { kind: 'page', after, limit: PAGE_LIMIT };
  ports.bus.request(subjects.tcSnapshot(node), question, PAGE_MS, (reply) => {
    if (!isThere()) return;
    const answer = reply.kind === 'reply' ? reply.message as SnapshotReply : undefined;
    if (answer?.kind !== 'page') return void ports.clock.setTimer(PAGE_MS, () => readSnapshots(ports, node, isThere, each, after));
    for (const snapshot of answer.snapshots) each(snapshot);
    const last = answer.snapshots.at(-1);
    if (answer.more && last !== undefined) readSnapshots(ports, node, isThere, each, last.dn);
  });
}
