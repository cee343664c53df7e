/** Links between nodes that lose, double, delay and reorder by a seed, and that can be cut. */
import type { SimNode } from './node.js';
import type { SeededEntropy } from './seeded-entropy.js';
import type { Trace } from './trace.js';
import type { VirtualClock } from './virtual-clock.js';

export interface LinkQuality {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Probabilities. Doubling and overtaking happen to datagrams only. */
  readonly loss: number;
  readonly duplication: number;
}

export const PERFECT: LinkQuality = { delayMsMin: 1, delayMsMax: 1, loss: 0, duplication: 0 };

/**
 * `datagram`: may be lost, doubled, overtaken. `message`: in order, may be lost, as on a bus. `stream`: in order, never
 * lost; it waits while the link is cut, as TCP does.
 */
export type Carriage = 'datagram' | 'message' | 'stream';

interface Parcel {
  readonly from: SimNode;
  readonly to: SimNode;
  readonly carriage: Carriage;
  readonly what: string;
  readonly arrive: () => void;
}

/** What a lost segment of a stream costs until it is repeated. */
const REPEAT_MS = 200;
/** Most of what travels, and the least telling. */
const HEARTBEAT = /^bus cb\.node\.[^ ]*\.alive/;
/** From a process to another on its own node. */
const LOCAL_MS = 0;

export class SimulatedNetwork {
  readonly #nodes = new Map<string, SimNode>();
  readonly #quality = new Map<string, LinkQuality>();
  readonly #cut = new Set<string>();
  /** Nodes whose bus and key-value servers are away: no message reaches or leaves them, not even their own. */
  readonly #busless = new Set<string>();
  /** When the last ordered parcel of a pair arrives: none may overtake it. */
  readonly #lastDueMs = new Map<string, number>();
  readonly #stalled: Parcel[] = [];

  constructor(
    private readonly clock: VirtualClock,
    private readonly entropy: SeededEntropy,
    private readonly trace: Trace,
    private everywhere: LinkQuality = PERFECT,
  ) {}

  add(node: SimNode): void {
    this.#nodes.set(node.name, node);
  }

  node(name: string): SimNode | undefined {
    return this.#nodes.get(name);
  }

  /** Of every link that has no quality of its own. */
  setQuality(quality: Partial<LinkQuality>): void {
    this.everywhere = { ...this.everywhere, ...quality };
  }

  /** Of one link, both ways. */
  setLink(a: string, b: string, quality: Partial<LinkQuality>): void {
    this.#quality.set(pairOf(a, b), { ...this.#qualityOf(a, b), ...quality });
  }

  /** Nothing passes between the two groups until `heal`. */
  partition(left: readonly string[], right: readonly string[]): void {
    this.trace.note(`cut ${left.join(',')} | ${right.join(',')}`);
    for (const a of left) for (const b of right) this.#cut.add(pairOf(a, b));
  }

  /** The servers of the bus that these nodes use are away until `heal`. */
  loseBus(nodes: readonly string[]): void {
    this.trace.note(`no bus for ${nodes.join(',')}`);
    for (const name of nodes) this.#busless.add(name);
  }

  hasBus(name: string): boolean {
    return !this.#busless.has(name);
  }

  heal(): void {
    if (this.#cut.size === 0 && this.#busless.size === 0) return;
    this.trace.note('heal');
    this.#cut.clear();
    this.#busless.clear();
    for (const parcel of this.#stalled.splice(0)) this.#dispatch(parcel);
  }

  isCut(a: string, b: string): boolean {
    return this.#cut.has(pairOf(a, b));
  }

  /** `arrive` runs on the receiving node, if it lives and is reached. `what` names it in the trace. */
  send(from: SimNode, to: SimNode, carriage: Carriage, what: string, arrive: () => void): void {
    this.#dispatch({ from, to, carriage, what, arrive });
  }

  #dispatch(parcel: Parcel): void {
    const { from, to, carriage } = parcel;
    if (carriage === 'message' && !(this.hasBus(from.name) && this.hasBus(to.name))) return this.#note(parcel, 'lost: no bus');
    if (from === to) return this.#schedule(parcel, LOCAL_MS);
    if (this.isCut(from.name, to.name)) return this.#blocked(parcel);
    const quality = this.#qualityOf(from.name, to.name);
    const delayMs = this.entropy.between(quality.delayMsMin, quality.delayMsMax);
    const lost = quality.loss > 0 && this.entropy.chance(quality.loss);
    if (carriage === 'stream') return this.#schedule(parcel, lost ? delayMs + REPEAT_MS : delayMs);
    if (lost) return this.#note(parcel, 'lost');
    this.#schedule(parcel, delayMs);
    if (carriage === 'datagram' && quality.duplication > 0 && this.entropy.chance(quality.duplication)) {
      this.#schedule(parcel, this.entropy.between(quality.delayMsMin, quality.delayMsMax));
    }
  }

  #blocked(parcel: Parcel): void {
    if (parcel.carriage === 'stream') this.#stalled.push(parcel);
    else this.#note(parcel, 'lost: the link is cut');
  }

  #schedule(parcel: Parcel, delayMs: number): void {
    const { from, to, carriage } = parcel;
    let dueMs = this.clock.nowMs() + delayMs;
    if (carriage !== 'datagram') {
      const order = `${carriage} ${from.name} ${to.name}`;
      dueMs = Math.max(dueMs, this.#lastDueMs.get(order) ?? 0);
      this.#lastDueMs.set(order, dueMs);
    }
    const { life } = to;
    this.clock.setTimer(dueMs - this.clock.nowMs(), () => to.run(life, () => {
      this.#note(parcel, '');
      parcel.arrive();
    }));
  }

  #note({ from, to, what }: Parcel, fate: string): void {
    this.trace.note(`${from.name} -> ${to.name}  ${what}${fate === '' ? '' : ` (${fate})`}`, HEARTBEAT.test(what));
  }

  #qualityOf(a: string, b: string): LinkQuality {
    return this.#quality.get(pairOf(a, b)) ?? this.everywhere;
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
