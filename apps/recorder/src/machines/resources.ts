/** Endpoints that are seen for the first time become resources (HR-12). */
import type { Machine, Out } from '#kernel';
import type { HistoryEffect } from './effects.js';
import { agentsOwned, text, timeOf } from './heard.js';
import type { TEvent } from '#tlib';

/** Beyond this what was seen first is forgotten, and written again: it stays one record. */
const KNOWN_MAX = 200_000;

export class Resources implements Machine<TEvent, HistoryEffect> {
  readonly #known = new Set<string>();

  /** @param typeOf of a DN that the configuration has */
  constructor(private readonly switchName: string, private readonly typeOf: (dn: string) => string | undefined) {}

  on(event: TEvent, out: Out<HistoryEffect>): void {
    if (event.msg === 'EventCallPartyAdded' && event['PartyType'] !== 'External') {
      this.#see(text(event, 'DN'), event['PartyType'] === 'RoutingPoint' ? 'RoutingPoint' : 'Extension', timeOf(event), out);
    }
    if (event.msg === 'EventAgentLogin') this.#see(text(event, 'ThisDN'), 'Extension', timeOf(event), out);
    if (event.msg === 'AgentsOwned') for (const { dn, loginAtMs } of agentsOwned(event).agents) this.#see(dn, 'Extension', loginAtMs, out);
    if (event.msg === 'EventQueued') this.#see(text(event, 'ThisDN'), 'VirtualQueue', timeOf(event), out);
  }

  #see(dn: string, seenAs: string, firstSeenAtMs: number, out: Out<HistoryEffect>): void {
    if (dn === '' || this.#known.has(dn)) return;
    this.#known.add(dn);
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.values().next().value as string);
    out.push({
      kind: 'write',
      record: {
        kind: 'resource', key: `${this.switchName}/${dn}`, atMs: 0,
        // The earliest sight stands.
        version: Number.MAX_SAFE_INTEGER - firstSeenAtMs, dns: [dn], agents: [],
        data: { switchName: this.switchName, dn, type: this.typeOf(dn) ?? seenAs, firstSeenAtMs },
      },
    });
  }
}
