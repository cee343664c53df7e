/** A Routing Point as a routing program sees it: a handler for each call that waits, and the call as an object. */
import type { KVList, TEvent } from '../message.js';
import type { EnumValue } from '../messages/enums.js';
import type { KVSource } from '../messages/kv-list.js';
import type { Attributes } from './requests.js';
import type { TlibClient } from './tlib-client.js';

/** Called once for each call that waits. What it throws goes to `onError`; the call then waits for default routing. */
export type RouteHandler = (call: WaitingCall) => Promise<unknown> | unknown;

export interface ServeOptions {
  readonly onError?: (error: Error, call: WaitingCall | undefined) => void;
  readonly register?: Attributes;
}

/** A call at a Routing Point, until it leaves. */
export class WaitingCall {
  readonly #gone = new AbortController();

  constructor(private readonly client: TlibClient, readonly routingPoint: string, private event: TEvent) {}

  get connID(): string {
    return this.event['ConnID'] as string;
  }

  get ani(): string {
    return (this.event['ANI'] as string | undefined) ?? '';
  }

  get dnis(): string {
    return (this.event['DNIS'] as string | undefined) ?? '';
  }

  /** As of the last event. */
  get userData(): KVList {
    return (this.event['UserData'] as KVList | undefined) ?? [];
  }

  /** Aborted when the call has left the Routing Point: routed by this program or another, or given up by the caller. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Resolves when the destination has taken the call. Until then, and after a refusal, it waits here and may be routed again.
   *
   * @throws TlibRequestError 231 busy, 232 no answer, 58 out of service, 56 the caller is gone, ...
   */
  route(to: string, more: Attributes = {}): Promise<TEvent> {
    return this.client.routeCall(this.routingPoint, this.connID, to, more);
  }

  reject(sipStatus?: number): Promise<TEvent> {
    return this.client.rejectCall(this.routingPoint, this.connID, sipStatus);
  }

  treatment(type: EnumValue<'TreatmentType'>, parms?: KVSource): Promise<TEvent> {
    return this.client.applyTreatment(this.routingPoint, this.connID, type, parms);
  }

  updateUserData(data: KVSource): Promise<TEvent> {
    return this.client.updateUserData(this.routingPoint, this.connID, data);
  }

  /** For {@link RoutingPoint}. */
  heard(event: TEvent): void {
    if (event['UserData'] !== undefined || event.msg === 'EventAttachedDataChanged') this.event = { ...this.event, UserData: event['UserData'] };
  }

  left(): void {
    this.#gone.abort();
  }
}

const LEAVES: ReadonlySet<string> = new Set(['EventDiverted', 'EventAbandoned', 'EventReleased']);

/** Serves a Routing Point until `stop`, over lost connections and lost sessions; calls that wait already are served too. */
export class RoutingPoint {
  readonly #calls = new Map<string, WaitingCall>();
  readonly #stops: (() => void)[];

  constructor(
    private readonly client: TlibClient, readonly dn: string, private readonly handler: RouteHandler, private readonly options: ServeOptions = {},
  ) {
    this.#stops = [
      client.on('EventRouteRequest', (event) => this.#waits(event)),
      client.on('EventAttachedDataChanged', (event) => this.#here(event)?.heard(event)),
      ...[...LEAVES].map((name) => client.on(name, (event) => this.#leaves(event))),
      client.on('EventServerConnected', ({ Resumed }) => {
        if (Resumed !== true) this.register().catch((error: Error) => this.options.onError?.(error, undefined));
      }),
    ];
  }

  /** Calls that wait now. */
  get calls(): readonly WaitingCall[] {
    return [...this.#calls.values()];
  }

  /** Registers, and takes up what waits there. @throws TlibRequestError when the port does not serve the point */
  async register(): Promise<void> {
    const registered = await this.client.registerAddress(this.dn, this.options.register);
    const waiting = ((registered['Extensions'] as KVList | undefined) ?? []).filter(([key]) => key.startsWith('conn-')).map(([, connID]) => connID as string);
    for (const connID of this.#calls.keys()) if (!waiting.includes(connID)) this.#forget(connID);
    await Promise.all(waiting.filter((connID) => !this.#calls.has(connID)).map((connID) => this.#takeUp(connID)));
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    for (const connID of this.#calls.keys()) this.#forget(connID);
  }

  async #takeUp(connID: string): Promise<void> {
    const call = await this.client.queryCall(connID).catch(() => undefined);
    if (call !== undefined) this.#waits({ ...call, ThisDN: this.dn });
  }

  #waits(event: TEvent): void {
    const connID = event['ConnID'] as string;
    if (event['ThisDN'] !== this.dn || this.#calls.has(connID)) return;
    const call = new WaitingCall(this.client, this.dn, event);
    this.#calls.set(connID, call);
    Promise.resolve().then(() => this.handler(call)).catch((error: Error) => this.options.onError?.(error, call));
  }

  #here(event: TEvent): WaitingCall | undefined {
    return event['ThisDN'] === this.dn ? this.#calls.get(event['ConnID'] as string) : undefined;
  }

  #leaves(event: TEvent): void {
    if (this.#here(event) !== undefined) this.#forget(event['ConnID'] as string);
  }

  #forget(connID: string): void {
    this.#calls.get(connID)?.left();
    this.#calls.delete(connID);
  }
}
