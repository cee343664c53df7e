/** A monitoring client at a SmartProxy port: hears every DN. */
import type { TEvent } from '#tlib';
import type { SimPorts } from '#simulation';
import { SimTlibClient } from './tlib-client.js';

export class Monitor {
  readonly client: SimTlibClient;
  /** Told of each event, in order. */
  onEvent: (event: TEvent) => void = () => {};

  constructor(ports: SimPorts, readonly name: string, address: string) {
    this.client = new SimTlibClient(ports, address, 'Monitor');
    this.client.on('*', (event) => this.onEvent(event));
    this.client.on('EventServerConnected', () => void this.client.registerAddress('*').catch(() => {}));
  }

  async start(): Promise<void> {
    await this.client.connect();
  }

  close(): void {
    this.client.close();
  }
}
