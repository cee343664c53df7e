/** Tells the limiter store which agents are ready for which queues (docs/specs/limits.md, "Slots"). */
import type { ClusterConfig } from '#config';
import { agentSlots, readyCounter } from '#limits';
import type { LimitsTeller } from '#store';
import { queuesOfAgent, queueSkills } from './queue-skills.js';

export class ReadyAgents {
  readonly #skills: ReadonlyMap<string, ReadonlySet<string>>;
  /** The agent who is ready at a DN of this node, and at how many each is. */
  readonly #readyAt = new Map<string, string>();
  readonly #places = new Map<string, number>();

  /** Absent teller: nobody counts. */
  constructor(private readonly config: ClusterConfig, private readonly teller: LimitsTeller | undefined) {
    this.#skills = teller === undefined ? new Map() : queueSkills(config);
  }

  /** `agentID`: who is ready at the DN, which is in service and has no call. */
  changed(dn: string, agentID: string | undefined): void {
    const before = this.#readyAt.get(dn);
    if (before === agentID || this.teller === undefined) return;
    if (before !== undefined) this.#moved(before, -1);
    if (agentID === undefined) this.#readyAt.delete(dn);
    else {
      this.#readyAt.set(dn, agentID);
      this.#moved(agentID, 1);
    }
  }

  close(): void {
    this.teller?.close();
  }

  #moved(agentID: string, by: 1 | -1): void {
    const places = (this.#places.get(agentID) ?? 0) + by;
    if (places === 0) this.#places.delete(agentID);
    else this.#places.set(agentID, places);
    const queues = places === 0 ? [] : queuesOfAgent(this.config, this.#skills, agentID);
    this.teller?.hold(agentSlots(agentID), queues.map((queue) => ({ counter: readyCounter(queue) })));
  }
}
