/** Who sat at a DN at a time: parties and attempts have no agent, the login sessions give it (HR-01, HR-02). */
import type { HistoryRecord } from '#store';

export type SessionRecord = HistoryRecord<'agentSession'>;

export class Sessions {
  readonly #byDn = new Map<string, SessionRecord[]>();

  constructor(sessions: readonly SessionRecord[]) {
    for (const session of sessions) {
      const { dn } = session.data;
      const known = this.#byDn.get(dn);
      if (known === undefined) this.#byDn.set(dn, [session]);
      else known.push(session);
    }
    for (const each of this.#byDn.values()) each.sort((a, b) => b.atMs - a.atMs);
  }

  /** The agent who was logged in at that moment: of two that touch it, the one who came later. */
  agentAt(dn: string, atMs: number): string | undefined {
    const session = this.#byDn.get(dn)?.find((each) => each.atMs <= atMs && (each.data.endedAtMs === undefined || each.data.endedAtMs >= atMs));
    return session?.data.agentID;
  }
}
