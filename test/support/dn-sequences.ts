/** Follows the DNSequence of every DN that a client hears of (tlib-protocol §4). */
import type { TEvent } from '#tlib';
import type { TlibClient } from '#tlib/client';

/** Pictures of a DN, which repeat the number of its last event. */
const PICTURES: ReadonlySet<string> = new Set(['EventRegistered', 'EventAddressInfo']);

export class DnSequences {
  readonly #last = new Map<string, { epoch: number; seq: number }>();
  readonly #seen = new Map<string, number>();
  /** One line for each event that did not follow the one before. */
  readonly gaps: string[] = [];

  constructor(client: TlibClient) {
    client.on('*', (event) => this.#on(event));
  }

  get dns(): string[] {
    return [...this.#last.keys()];
  }

  /** Numbered events of the DN. */
  seen(dn: string): number {
    return this.#seen.get(dn) ?? 0;
  }

  #on(event: TEvent): void {
    const { ThisDN: dn, DNSequence: seq, OwnerEpoch: epoch } = event as { ThisDN?: string; DNSequence?: number; OwnerEpoch?: number };
    if (dn === undefined || seq === undefined || epoch === undefined) return;
    const last = this.#last.get(dn);
    this.#last.set(dn, { epoch, seq });
    if (PICTURES.has(event.msg)) return;
    this.#seen.set(dn, this.seen(dn) + 1);
    const follows = last === undefined || (epoch === last.epoch ? seq === last.seq + 1 : epoch > last.epoch);
    if (!follows) this.gaps.push(`${dn}: ${event.msg} ${epoch}/${seq} after ${last.epoch}/${last.seq}`);
  }
}
