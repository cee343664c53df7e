/** `IdleLines` of one node to whoever listens for SIP over TCP: they die with that process, as the kernel would have it. */
import type { IdleLine, IdleLineEvents, IdleLines } from '#sip';
import type { SimulatedNetwork } from './network.js';
import type { SimNode } from './node.js';
import type { SimSipNetwork } from './sim-sip.js';

export class SimIdleLines implements IdleLines {
  constructor(private readonly sip: SimSipNetwork, private readonly node: SimNode) {}

  dial(host: string, port: number, events: IdleLineEvents): IdleLine {
    const line = new Line(this.sip.network, this.node, events);
    line.knock(this.sip, `tcp:${host}:${port}`);
    return line;
  }
}

class Line implements IdleLine {
  /** What this life dialled is nothing to the next one. */
  readonly #life: number;
  #open = true;
  #leave: () => void = () => {};

  constructor(private readonly network: SimulatedNetwork, private readonly node: SimNode, private readonly events: IdleLineEvents) {
    this.#life = node.life;
  }

  /** Where nobody listens, the kernel of that machine says so at once; here it is ours. */
  knock(sip: SimSipNetwork, key: string): void {
    const peer = sip.at(key);
    if (peer === undefined) return this.network.send(this.node, this.node, 'stream', `refused: ${key}`, () => this.#closed('refused'));
    const back = (what: string, arrive: () => void): void => this.network.send(peer.node, this.node, 'stream', `line ${what}`, arrive);
    this.network.send(this.node, peer.node, 'stream', `line to ${key}`, () => {
      if (!this.#open) return;
      if (sip.at(key) !== peer) return back('refused', () => this.#closed('refused'));
      this.#leave = peer.onGone(() => back('closed', () => this.#closed('the other end closed the connection')));
      back('open', () => this.#opened());
    });
  }

  ping(): void {}

  close(): void {
    this.#open = false;
    this.#leave();
  }

  #opened(): void {
    if (this.#open && this.node.life === this.#life) this.events.opened();
  }

  #closed(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.node.life === this.#life) this.events.closed(reason);
  }
}
