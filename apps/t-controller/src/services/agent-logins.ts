/** One login an agent in the whole cluster (tlibrary §14 row 11): the later one stays, whichever node owns its DN. */
import { Hlc, subjects } from '#cluster';
import type { LoginNotice } from '#telephony';
import type { OwnedDn } from './owned-dn.js';
import type { OwnedDnsPorts } from './owned-dns.js';

export interface AgentLoginsHost {
  owned(dn: string): OwnedDn | undefined;
  /** A notice may be lost: it is said again, while this node serves. */
  repeat(say: () => void): void;
}

export class AgentLogins {
  /** Agents logged in on owned DNs. */
  readonly #dnOf = new Map<string, string>();
  readonly #epochs: Hlc;

  constructor(serverId: number, private readonly ports: Pick<OwnedDnsPorts, 'bus' | 'clock'>, private readonly host: AgentLoginsHost) {
    this.#epochs = new Hlc(serverId);
  }

  nextEpoch(): number {
    return this.#epochs.next(this.ports.clock.nowMs());
  }

  observe(epoch: number): void {
    this.#epochs.observe(epoch);
  }

  /** The agent of an owned DN is another one, or nobody. */
  moved(dn: string, before: string | undefined, after: string | undefined): void {
    if (before !== undefined && this.#dnOf.get(before) === dn) this.#dnOf.delete(before);
    if (after !== undefined) this.#dnOf.set(after, dn);
  }

  /** Before EventAgentLogin: the agent leaves another DN of this node first; other nodes hear of it. */
  loggedIn(dn: string, agentID: string, epoch: number): void {
    const notice: LoginNotice = { agentID, dn, epoch };
    this.heard(notice);
    this.ports.bus.publish(subjects.agentLogin(agentID), notice);
    this.host.repeat(() => {
      if (this.#dnOf.get(agentID) === dn && this.host.owned(dn)?.loginEpoch === epoch) this.#announce(agentID, dn);
    });
  }

  heard({ agentID, dn, epoch }: LoginNotice): void {
    this.#epochs.observe(epoch);
    const own = this.#dnOf.get(agentID);
    const owned = own === undefined || own === dn ? undefined : this.host.owned(own);
    if (own === undefined || owned === undefined) return;
    if (owned.loginEpoch < epoch) owned.feed({ kind: 'loginElsewhere', agentID, epoch, nowMs: this.ports.clock.nowMs() });
    else this.#announce(agentID, own);
  }

  announceAll(): void {
    for (const [agentID, dn] of this.#dnOf) this.#announce(agentID, dn);
  }

  #announce(agentID: string, dn: string): void {
    const notice: LoginNotice = { agentID, dn, epoch: this.host.owned(dn)?.loginEpoch ?? 0 };
    this.ports.bus.publish(subjects.agentLogin(agentID), notice);
  }
}
