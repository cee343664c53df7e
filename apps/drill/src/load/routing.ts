/** The drill's own routing program at one node: sends held calls to their agents, keeps queued ones in line, turns probes away. */
import { kvGet, type KVList } from '#tlib';
import { type RoutingPoint, TlibClient, type WaitingCall } from '#tlib/client';
import type { Cast } from '../machines/cast.js';
import type { NamedNode } from '../machines/stage.js';

const ADDP_S = 4;
const RECONNECT_MS = 200;
/** Well below any `router-timeout`: a router that speaks keeps its caller. */
const KEEP_MS = 3_000;
/** To a refusal: the agent was not free yet, or the switch is taking over. */
const AGAIN_MS = 500;
const TRIES_MAX = 60;
/** What a probe is answered when all of the way works: proxy, node, this program, and back. */
export const PROBE_STATUS = 486;

export interface RoutingTargets {
  /** The agent's DN for the call of that number; undefined while it is to wait. */
  destination(from: string): string | undefined;
}

export class RoutingDesk {
  readonly client: TlibClient;
  readonly #points: RoutingPoint[] = [];
  /** Numbers of queued calls in the order in which they came. */
  readonly arrived: string[] = [];
  readonly #wakes = new Set<() => void>();
  #connected = false;
  #closed = false;

  constructor(readonly node: NamedNode, private readonly points: Cast['points'], private readonly targets: RoutingTargets) {
    this.client = new TlibClient({
      addresses: node.routing, applicationName: `drill-router-${node.name}`, addpTimeout: ADDP_S, reconnectDelayMs: RECONNECT_MS, keepTrying: true,
      connectTimeoutMs: 1_000,
    });
    this.client.on('EventServerConnected', () => { this.#connected = true; });
    this.client.on('EventServerDisconnected', () => { this.#connected = false; });
  }

  async open(): Promise<void> {
    await this.client.connect();
    const { held, queued, probe } = this.points;
    this.#points.push(
      await this.client.serve(held, (call) => this.#send(call)),
      await this.client.serve(queued, (call) => this.#keep(call)),
      await this.client.serve(probe, (call) => call.reject(PROBE_STATUS).catch(() => undefined)),
    );
  }

  missing(): string[] {
    return this.#connected ? [] : [`the routing program at ${this.node.name}`];
  }

  /** Destinations of queued calls have become known. */
  wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }

  /** ConnIDs at the queue's point as the node lists them. @throws TlibRequestError */
  async line(): Promise<string[]> {
    const event = await this.client.registerAddress(this.points.queued);
    const connIDs: string[] = [];
    for (let n = 1; ; n += 1) {
      const connID = kvGet(event['Extensions'] as KVList | undefined, `conn-${n}`);
      if (typeof connID !== 'string') return connIDs;
      connIDs.push(connID);
    }
  }

  close(): void {
    this.#closed = true;
    this.wake();
    for (const point of this.#points) point.stop();
    this.client.close();
  }

  /** Until the call is gone, a refusal is tried again. */
  async #send(call: WaitingCall): Promise<void> {
    for (let tried = 0; tried < TRIES_MAX && !call.gone.aborted && !this.#closed; tried += 1) {
      const dn = this.targets.destination(call.ani);
      if (dn === undefined) return;
      try {
        await call.route(dn);
        return;
      } catch {
        await pause(AGAIN_MS);
      }
    }
  }

  async #keep(call: WaitingCall): Promise<void> {
    if (!this.arrived.includes(call.ani)) this.arrived.push(call.ani);
    while (!call.gone.aborted && !this.#closed) {
      if (this.targets.destination(call.ani) !== undefined) return this.#send(call);
      await call.treatment('RingBack').catch(() => undefined);
      await Promise.race([pause(KEEP_MS), new Promise<void>((resolve) => { this.#wakes.add(resolve); })]);
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms).unref(); });
