/**
 * A routing program, written as any user would write one: over the public protocol and its SDK. It serves Routing Points,
 * watches agents through the SmartProxy port, and reserves at the virtual-queue server before it routes.
 */
import type { Clock, Log, Timer } from '#kernel';
import { unreachable } from '#kernel';
import { kvGet, type KVList, type TEvent } from '#tlib';
import { type Attributes, type TlibAddress, type TlibClient, TlibRequestError } from '#tlib/client';
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
  /** Where each may be reached: both halves of a pair, in turn. None: there is no such server. */
  readonly servers: readonly { readonly name: string; readonly addresses: readonly TlibAddress[] }[];
  readonly smartProxy: readonly TlibAddress[];
  readonly vqServer: readonly TlibAddress[];
}

/** What it needs of a client of a T-Library port: the SDK's, or one over a simulated network. */
export type RouterClient = Pick<TlibClient, 'on' | 'connect' | 'close' | 'request' | 'registerAddress' | 'routeCall' | 'reserveAgent' | 'sendEvent'>;

export interface RouterPorts {
  readonly clock: Clock;
  readonly log: Log;
  makeClient(addresses: readonly TlibAddress[], requestTimeoutMs: number): RouterClient;
}

/** Longer than any answer to a route request takes: `after-routing-timeout` ends it. */
const ROUTE_TIMEOUT_MS = 120_000;
/** From the grant until the agent's phone rings; then his own events say that he is busy. */
const RESERVATION_MS = 5_000;
/** Waiting callers are looked after that often; offers are made at once. */
const TICK_MS = 1_000;
/** Events that wait for the virtual-queue server; beyond it the oldest is forgotten. */
const UNTOLD_MAX = 20_000;

type Input = DispatcherInput extends infer I ? (I extends unknown ? Omit<I, 'nowMs'> : never) : never;

export class Router {
  readonly #dispatcher: Dispatcher;
  readonly #effects: DispatcherEffect[] = [];
  readonly #servers = new Map<string, RouterClient>();
  readonly #monitor: RouterClient | undefined;
  readonly #reservations: RouterClient | undefined;
  readonly #connected = new Set<string>();
  /** Events of the virtual queue that its server could not be told: a call that left would stay in the queue. */
  #untold: [name: string, attributes: Attributes][] = [];
  #timer: Timer | undefined;

  constructor(private readonly options: RouterOptions, private readonly ports: RouterPorts) {
    this.#dispatcher = new Dispatcher(options.hasSkill, options.maxWaitMs);
    for (const { name, addresses } of options.servers) this.#servers.set(name, this.#client(addresses));
    this.#monitor = options.smartProxy.length === 0 ? undefined : this.#client(options.smartProxy);
    this.#reservations = options.vqServer.length === 0 ? undefined : this.#client(options.vqServer);
  }

  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  /** Calls that wait, agents who could be offered one now, servers that answer: for operators. */
  state(): object {
    return { waiting: this.waiting, freeAgents: this.#dispatcher.free, connected: [...this.#connected].sort() };
  }

  /** Begins to serve. What does not answer yet is connected to when it does; nothing waits for it. */
  async start(): Promise<void> {
    if (this.#monitor !== undefined) this.#watchAgents(this.#monitor);
    if (this.#reservations !== undefined) {
      this.#reservations.on('EventServerConnected', () => { for (const [name, about] of this.#untold.splice(0)) void this.#tellQueue(name, about); });
      this.#open('virtual-queue server', this.#reservations, () => {});
    }
    for (const [name, client] of this.#servers) this.#serve(name, client);
    this.#tick();
  }

  close(): void {
    this.#timer?.cancel();
    for (const client of [...this.#servers.values(), this.#monitor, this.#reservations]) client?.close();
  }

  #client(addresses: readonly TlibAddress[]): RouterClient {
    return this.ports.makeClient(addresses, ROUTE_TIMEOUT_MS);
  }

  /** `fresh` is called for each session that knows nothing of the one before; a resumed one has missed nothing. */
  #open(name: string, client: RouterClient, fresh: () => void): void {
    client.on('EventServerConnected', (event) => {
      this.#connected.add(name);
      if (event['Resumed'] !== true) fresh();
    });
    client.on('EventServerDisconnected', () => this.#connected.delete(name));
    client.connect().catch((error: Error) => this.ports.log.warn('a server did not let us in', { name, error: error.message }));
  }

  #watchAgents(monitor: RouterClient): void {
    monitor.on('*', (event) => this.#feed({ kind: 'agentEvent', event }));
    this.#open('SmartProxy', monitor, () => {
      this.#feed({ kind: 'agentsUnknown' });
      this.#registerAll(monitor, this.options.agentDNs);
    });
  }

  #serve(server: string, client: RouterClient): void {
    client.on('EventRouteRequest', (event) => this.#feed({ kind: 'waiting', server, event }));
    client.on('EventRegistered', (event) => {
      const calls = callsAt(event);
      this.#feed({ kind: 'told', server, point: event['ThisDN'] as string, connIDs: calls.map((call) => call['ConnID'] as string) });
      for (const waiting of calls) this.#feed({ kind: 'waiting', server, event: waiting });
    });
    for (const how of ['EventDiverted', 'EventAbandoned', 'EventReleased'] as const) {
      client.on(how, (event) => this.#feed({
        kind: 'left', connID: event['ConnID'] as string, how, to: event['ThirdPartyDN'] as string | undefined,
      }));
    }
    this.#open(server, client, () => {
      this.#feed({ kind: 'serverAnew', server });
      this.#registerAll(client, this.options.routingPoints);
    });
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
      this.#feed({ kind: isAboutTheCall(error) ? 'alreadyTried' : 'notRouted', connID, dn });
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
    if (this.options.virtualQueue === '') return;
    const target = to === undefined ? {} : { ThirdPartyDN: to, ThirdPartyDNRole: 'Destination' };
    await this.#tellQueue(name, { ...callAttributes(about), ...target } as Attributes);
  }

  /** What cannot be told now is told when the server is back, or the other half of its pair. */
  async #tellQueue(name: string, about: Attributes): Promise<void> {
    try {
      await this.#reservations?.sendEvent(this.options.virtualQueue, name, about);
    } catch (error) {
      this.ports.log.debug('a virtual-queue event was not taken', { name, error: (error as Error).message });
      if (!isUnreachable(error)) return;
      if (this.#untold.length >= UNTOLD_MAX) this.#untold.shift();
      this.#untold.push([name, about]);
    }
  }
}

const callAttributes = ({ ConnID, CallUUID, CallType, ANI, DNIS, UserData }: TEvent) => ({ ConnID, CallUUID, CallType, ANI, DNIS, UserData });

const isUnreachable = (error: unknown): boolean => error instanceof TlibRequestError && error.event === undefined;

/** InvalidConnID, CallDisconnected, CallInInvalidState: the caller is gone, or another router was quicker. */
const ABOUT_THE_CALL: ReadonlySet<number> = new Set([56, 237, 496]);
const isAboutTheCall = (error: unknown): boolean => error instanceof TlibRequestError && ABOUT_THE_CALL.has(error.code);

/** EventRegistered lists what waited before we came (tlibrary §4.4.1): `conn-1`, `ct-1`, `conn-2`, ... */
function callsAt({ ThisDN, Extensions }: TEvent): TEvent[] {
  const calls: TEvent[] = [];
  for (let n = 1; ; n += 1) {
    const connID = kvGet(Extensions as KVList | undefined, `conn-${n}`);
    if (typeof connID !== 'string') return calls;
    calls.push({ msg: 'EventRouteRequest', ThisDN, ConnID: connID, CallType: kvGet(Extensions as KVList | undefined, `ct-${n}`) });
  }
}
