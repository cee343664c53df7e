/** Byte streams between nodes, as TCP gives them: in order, cut into pieces anywhere, dead with their ends. */
import type { SimulatedNetwork } from './network.js';
import type { SimNode } from './node.js';
import type { SeededEntropy } from './seeded-entropy.js';

/** One end of a connection. Set the callbacks at once; nothing arrives before the next step. */
export interface SimConnection {
  onData: (bytes: Buffer) => void;
  /** The other end closed, or died, or refused. Called once, and not after an own `close`. */
  onClose: () => void;
  /** Bytes written that have not arrived yet. */
  readonly bufferedBytes: number;
  readonly remote: string;
  write(bytes: Buffer | string): void;
  close(): void;
}

export class SimStreams {
  readonly #listeners = new Map<string, { readonly node: SimNode; readonly accept: (connection: SimConnection) => void }>();

  constructor(private readonly network: SimulatedNetwork, private readonly entropy: SeededEntropy, private readonly wholeWrites = false) {}

  /** Answers how to stop listening. The listener dies with its node. */
  listen(node: SimNode, address: string, accept: (connection: SimConnection) => void): () => void {
    const listener = { node, accept };
    this.#listeners.set(address, listener);
    const stop = (): void => {
      if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
    };
    node.onDeath(stop);
    return stop;
  }

  connect(node: SimNode, address: string): SimConnection {
    const near = this.#end(node, address);
    const listener = this.#listeners.get(address);
    if (listener === undefined) {
      this.network.send(node, node, 'stream', `refused: ${address}`, () => near.closedByPeer());
      return near;
    }
    const far = this.#end(listener.node, node.name);
    near.join(far);
    far.join(near);
    this.network.send(node, listener.node, 'stream', `connect ${address}`, () => listener.accept(far));
    return near;
  }

  #end(node: SimNode, remote: string): End {
    return new End(this.network, this.wholeWrites ? undefined : this.entropy, node, remote);
  }
}

class End implements SimConnection {
  onData: (bytes: Buffer) => void = () => {};
  onClose: () => void = () => {};
  #peer: End | undefined;
  #open = true;
  #bufferedBytes = 0;

  constructor(
    private readonly network: SimulatedNetwork, private readonly cuts: SeededEntropy | undefined, readonly node: SimNode, readonly remote: string,
  ) {
    node.onDeath(() => this.close());
  }

  join(peer: End): void {
    this.#peer = peer;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  write(data: Buffer | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    for (let from = 0; this.#open && from < bytes.length;) {
      const to = Math.min(bytes.length, from + (this.cuts?.between(1, bytes.length) ?? bytes.length));
      this.#send(bytes.subarray(from, to));
      from = to;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const peer = this.#peer;
    if (peer !== undefined) this.network.send(this.node, peer.node, 'stream', 'close', () => peer.closedByPeer());
  }

  closedByPeer(): void {
    if (!this.#open) return;
    this.#open = false;
    this.onClose();
  }

  #send(bytes: Buffer): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#bufferedBytes += bytes.length;
    this.network.send(this.node, peer.node, 'stream', `${bytes.length} bytes`, () => {
      this.#bufferedBytes -= bytes.length;
      if (peer.#open) peer.onData(bytes);
    });
  }
}
