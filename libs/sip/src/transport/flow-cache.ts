/** The UDP peers seen lately, so that a datagram costs no new flow. Two generations: the older one is dropped when full. */
import { type Flow, flowKey } from './port.js';

const GENERATION_MAX = 32_768;

export class FlowCache {
  #young = new Map<string, Map<number, Flow>>();
  #old = new Map<string, Map<number, Flow>>();
  #count = 0;

  constructor(readonly localHost: string, readonly localPort: number, readonly generationMax = GENERATION_MAX) {}

  get(host: string, port: number): Flow {
    return this.#young.get(host)?.get(port) ?? this.#add(host, port);
  }

  #add(host: string, port: number): Flow {
    const flow = this.#old.get(host)?.get(port) ?? this.#make(host, port);
    if (this.#count >= this.generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#count = 0;
    }
    const ports = this.#young.get(host);
    if (ports === undefined) this.#young.set(host, new Map([[port, flow]]));
    else ports.set(port, flow);
    this.#count += 1;
    return flow;
  }

  #make(host: string, port: number): Flow {
    return {
      transport: 'udp', localHost: this.localHost, localPort: this.localPort, host, port, key: flowKey('udp', host, port),
    };
  }
}
