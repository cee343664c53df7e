/** A change is in force when every proxy says so: the question of who made it, and the answer of a proxy (docs/specs/limits.md, "Changes"). */
import { type Bus, type BusSubscription, subjects } from '#cluster';
import type { LimitsChange, LimitsInForceReply, LimitsInForceRequest } from '#telephony';
import type { LimitsRepository } from './repository.js';

/** How long a change waits for proxies. */
export const IN_FORCE_MS = 2_000;
/** Larger changes are read from the bucket: a message of the bus has a megabyte at most. */
const CARRIED_BYTES_MAX = 200_000;
const CARRIED_MAX = 100;

/** Answers for one proxy. */
export class LimitsInForce {
  #subscription: BusSubscription | undefined;

  constructor(private readonly proxy: string, private readonly bus: Bus, private readonly repository: LimitsRepository) {}

  start(): void {
    this.#subscription = this.bus.subscribe(subjects.limitsInForce(this.proxy), (message, { respond }) => {
      void this.#hear(message as LimitsInForceRequest).then((reply) => respond?.(reply));
    });
  }

  close(): void {
    this.#subscription?.unsubscribe();
  }

  async #hear({ changes, site, revision }: LimitsInForceRequest): Promise<LimitsInForceReply> {
    for (const change of changes) this.repository.take(change);
    const { repository } = this;
    const reached = await (changes.length > 0 ? repository.settled(IN_FORCE_MS) : repository.reached(site, revision, IN_FORCE_MS));
    return { kind: reached ? 'in-force' : 'late' };
  }
}

/** What was written: the changes, and how far the bucket went with them. Without changes they are read from the bucket. */
export type Written = LimitsInForceRequest;

export function writtenOf(site: string, changes: readonly LimitsChange[]): Written {
  const carried = changes.length <= CARRIED_MAX && JSON.stringify(changes).length <= CARRIED_BYTES_MAX;
  return { changes: carried ? changes : [], site, revision: changes.reduce((most, { revision }) => Math.max(most, revision), 0) };
}

/** Tells all proxies, and answers the names of those that do not say within 2 s that it is in force. */
export async function askInForce(bus: Bus, proxies: readonly string[], request: Written): Promise<string[]> {
  const answers = await Promise.all(proxies.map((proxy) => new Promise<boolean>((resolve) => {
    bus.request(subjects.limitsInForce(proxy), request, IN_FORCE_MS, (reply) => {
      resolve(reply.kind === 'reply' && (reply.message as LimitsInForceReply).kind === 'in-force');
    });
  })));
  return proxies.filter((_, index) => answers[index] !== true);
}
