/** What became of each call at a Routing Point, as a monitoring client sees it. */
import type { TEvent } from '#tlib';
import type { TlibClient } from '#tlib/client';

export type Outcome = 'answered' | 'abandoned' | 'default-routed' | 'refused';

export class Outcomes {
  readonly #queued = new Set<string>();
  readonly #ended = new Map<string, Outcome[]>();
  readonly #wishes: { readonly ended: number; readonly resolve: () => void }[] = [];

  constructor(monitor: TlibClient, private readonly point: string, private readonly defaultDN: string) {
    monitor.on('*', (event) => this.#on(event));
  }

  get queued(): number {
    return this.#queued.size;
  }

  /** Calls by outcome; one with no or with several ends is listed apart. */
  counts(): Readonly<Record<Outcome | 'doubled' | 'unfinished', number>> {
    const counts = { 'answered': 0, 'abandoned': 0, 'default-routed': 0, 'refused': 0, 'doubled': 0, 'unfinished': 0 };
    for (const connID of this.#queued) {
      const ends = this.#ended.get(connID) ?? [];
      const [first] = ends;
      if (first === undefined) counts.unfinished += 1;
      else if (ends.length > 1) counts.doubled += 1;
      else counts[first] += 1;
    }
    return counts;
  }

  /** Resolves when so many calls have left the point. */
  ended(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wishes.push({ ended: count, resolve });
      this.#tell();
    });
  }

  #on(event: TEvent): void {
    if (event['ThisDN'] !== this.point) return;
    const connID = event['ConnID'] as string;
    switch (event.msg) {
      case 'EventQueued': return void this.#queued.add(connID);
      case 'EventDiverted': return this.#end(connID, event['ThirdPartyDN'] === this.defaultDN ? 'default-routed' : 'answered');
      case 'EventAbandoned': return this.#end(connID, 'abandoned');
      case 'EventReleased': return this.#end(connID, 'refused');
      default: return undefined;
    }
  }

  #end(connID: string, outcome: Outcome): void {
    const ends = this.#ended.get(connID) ?? [];
    this.#ended.set(connID, [...ends, outcome]);
    this.#tell();
  }

  #tell(): void {
    for (const wish of this.#wishes) if (this.#ended.size >= wish.ended) wish.resolve();
  }
}
