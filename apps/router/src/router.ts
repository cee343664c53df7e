/**
 * A routing program, written as any user would write one: over the public protocol and its SDK. It serves Routing Points,
 * watches agents through the SmartProxy port, and reserves at the virtual-queue server before it routes.
 */
import type { Clock, Log, Timer } from '#kernel';
import { unreachable } from '#kernel';
import type { TEvent } from '#tlib';
import { type TlibAddress, type TlibClient, TlibRequestError } from '#tlib/client';
import { Dispatcher, type DispatcherEffect, type DispatcherInput } from './machines/dispatcher.js';

export interface RouterOptions {
  readonly routingPoints: readonly string[];
  /** DNs whose agents may be chosen. */
  readonly agentDNs: readonly string[];
  readonly virtualQueue: string;
  readonly priority: number;
  /** Longest wait of a caller, then default routing; 0 = for ever. */
  readonly maxWaitMs: number;
  readonly hasSkill: (agentID: string) => boolean;
  readonly servers: readonly { readonly name: string; readonly address: TlibAddress }[];
  readonly smartProxy: TlibAddress | undefined;
  readonly vqServer: TlibAddress | undefined;
}

/** What it needs of a client of a T-Library port: the SDK's, or one over a simulated network. */
export type RouterClient = Pick<TlibClient, 'on' | 'connect' | 'close' | 'request' | 'registerAddress' | 'routeCall' | 'reserveAgent' | 'sendEvent'>;

export interface RouterPorts {
  readonly clock: Clock;
  readonly log: Log;
  makeClient(address: TlibAddress, requestTimeoutMs: number): RouterClient;
}

/** Longer than any answer to a route request takes: `after-routing-timeout` ends it. */
const ROUTE_TIMEOUT_MS = 120_000;
/** From the grant until the agent's phone rings; then his own events say that he is busy. */
const RESERVATION_MS = 5_000;
const TICK_MS = 1_000;

type Input = DispatcherInput extends infer I ? (I extends unknown ? Omit<I, 'nowMs'> : never) : never;

export class Router {
  readonly #dispatcher: Dispatcher;
  readonly #effects: DispatcherEffect[] = [];
  readonly #servers = new Map<string, RouterClient>();
  readonly #monitor: RouterClient | undefined;
  readonly #reservations: RouterClient | undefined;
  #timer: Timer | undefined;

  constructor(private readonly options: RouterOptions, private readonly ports: RouterPorts) {
    this.#dispatcher = new Dispatcher(options.hasSkill, options.maxWaitMs);
    for (const { name, address } of options.servers) this.#servers.set(name, this.#client(address));
    this.#monitor = options.smartProxy === undefined ? undefined : this.#client(options.smartProxy);
    this.#reservations = options.vqServer === undefined ? undefined : this.#client(options.vqServer);
  }

  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  async start(): Promise<void> {
    if (this.#monitor !== undefined) await this.#watchAgents(this.#monitor);
    if (this.#reservations !== undefined) await this.#reservations.connect();
    for (const [name, client] of this.#servers) await this.#serve(name, client);
    this.#tick();
  }

  close(): void {
    this.#timer?.cancel();
    for (const client of [...this.#servers.values(), this.#monitor, this.#reservations]) client?.close();
  }

  #client(address: TlibAddress): RouterClient {
    return this.ports.makeClient(address, ROUTE_TIMEOUT_MS);
  }

  async #watchAgents(monitor: RouterClient): Promise<void> {
    monitor.on('*', (event) => this.#feed({ kind: 'agentEvent', event }));
    monitor.on('EventServerDisconnected', () => this.#feed({ kind: 'agentsUnknown' }));
    // A resumed session misses nothing; the board was cleared, though, so the snapshots are asked for again.
    monitor.on('EventServerConnected', () => this.#registerAll(monitor, this.options.agentDNs));
    await monitor.connect();
  }

  async #serve(server: string, client: RouterClient): Promise<void> {
    client.on('EventRouteRequest', (event) => this.#feed({ kind: 'waiting', server, event }));
    for (const how of ['EventDiverted', 'EventAbandoned', 'EventReleased'] as const) {
      client.on(how, (event) => this.#feed({
        kind: 'left', connID: event['ConnID'] as string, how, to: event['ThirdPartyDN'] as string | undefined,
      }));
    }
    client.on('EventServerConnected', () => this.#registerAll(client, this.options.routingPoints));
    await client.connect();
  }

  #registerAll(client: RouterClient, dns: readonly string[]): void {
    for (const dn of dns) {
      client.registerAddress(dn).catch((error: Error) => this.ports.log.warn('a DN could not be registered', { dn, error: error.message }));
    }
  }

  #tick(): void {
    this.#timer = this.ports.clock.setTimer(TICK_MS, () => {
      this.#tick();
      this.#feed({ kind: 'tick' });
    });
  }

  #feed(input: Input): void {
    this.#dispatcher.on({ ...input, nowMs: this.ports.clock.nowMs() } as DispatcherInput, this.#effects);
    for (const effect of this.#effects.splice(0)) this.#perform(effect);
  }

  #perform(effect: DispatcherEffect): void {
    switch (effect.kind) {
      case 'reserve': return void this.#reserve(effect.connID, effect.dn, effect.agentID);
      case 'cancelReservation': return void this.#cancelReservation(effect.dn, effect.agentID);
      case 'route': return void this.#route(effect);
      case 'hold': return void this.#hold(effect);
      case 'giveUp': return void this.#giveUp(effect);
      case 'queueEvent': return void this.#queueEvent(effect);
      default: return unreachable(effect);
    }
  }

  async #reserve(connID: string, dn: string, agentID: string): Promise<void> {
    try {
      await this.#reservations?.reserveAgent({ ThisDN: dn, AgentID: agentID }, this.options.priority, RESERVATION_MS);
      this.#feed({ kind: 'reserved', connID, dn });
    } catch (error) {
      // Without a virtual-queue server the agent's owner still decides when the call is routed.
      this.#feed({ kind: isUnreachable(error) ? 'reserved' : 'notReserved', connID, dn });
    }
  }

  async #cancelReservation(dn: string, agentID: string): Promise<void> {
    const what = agentID === '' ? { ThisDN: dn } : { ThisDN: dn, AgentID: agentID };
    await this.#reservations?.reserveAgent(what, this.options.priority, 0).catch(() => undefined);
  }

  async #route({ server, point, connID, dn }: DispatcherEffect & { kind: 'route' }): Promise<void> {
    try {
      await this.#servers.get(server)?.routeCall(point, connID, dn);
    } catch (error) {
      this.ports.log.info('an agent did not take a call', { connID, dn, reason: (error as Error).message });
      this.#feed({ kind: 'notRouted', connID, dn });
    }
  }

  /** Ringback is what a waiting caller hears; that it is asked for keeps the server from default routing. */
  async #hold({ server, point, connID }: DispatcherEffect & { kind: 'hold' }): Promise<void> {
    await this.#servers.get(server)?.request('RequestApplyTreatment', { ThisDN: point, ConnID: connID, TreatmentType: 'RingBack' })
      .catch((error: Error) => this.ports.log.debug('a treatment was not applied', { connID, reason: error.message }));
  }

  async #giveUp({ server, point, connID }: DispatcherEffect & { kind: 'giveUp' }): Promise<void> {
    await this.#servers.get(server)?.request('RequestRouteCall', { ThisDN: point, ConnID: connID, RouteType: 'Default' })
      .catch((error: Error) => this.ports.log.info('default routing did not take a call', { connID, reason: error.message }));
  }

  async #queueEvent({ name, about, to }: DispatcherEffect & { kind: 'queueEvent' }): Promise<void> {
    const { virtualQueue } = this.options;
    if (virtualQueue === '' || this.#reservations === undefined) return;
    const target = to === undefined ? {} : { ThirdPartyDN: to, ThirdPartyDNRole: 'Destination' };
    await this.#reservations.sendEvent(virtualQueue, name, { ...callAttributes(about), ...target })
      .catch((error: Error) => this.ports.log.debug('a virtual-queue event was not taken', { name, error: error.message }));
  }
}

const callAttributes = ({ ConnID, CallUUID, CallType, ANI, DNIS, UserData }: TEvent) => ({ ConnID, CallUUID, CallType, ANI, DNIS, UserData });

const isUnreachable = (error: unknown): boolean => error instanceof TlibRequestError && error.event === undefined;
