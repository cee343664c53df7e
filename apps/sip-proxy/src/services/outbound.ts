/** From a session controller, or a proxy in its name, to the outside: a phone's bindings, a trunk, or the way a dialog came. */
import {
  type Flow, flowKey, isFlow, parseNameAddr, type ServerTransaction, type SipRequest, type SipResolver, type SipUri, type Target, type TransactionLayer,
} from '#sip';
import type { LocationBinding, LocationStore } from '#store';
import type { AccessName, AccessNames } from '../machines/access-names.js';
import { type BindingWay, wayTo, wayWithoutFlow } from '../machines/binding-way.js';
import type { FlowSeal, OutsideFlow } from '../machines/flow-seal.js';
import type { Hop } from '../machines/hop.js';
import type { OwnRoutes } from '../machines/own-routes.js';
import { recordRouteOf } from '../machines/record-route.js';
import { type RequestShape, shapeRequest } from '../machines/shape.js';
import type { PeerProxy, ProxySettings } from '../settings.js';
import type { Forwarder } from './forwarder.js';
import { formsDialog } from './inbound.js';
import type { Registrar } from './registrar.js';
import { withTopVia } from './top-via.js';

export interface OutboundPorts {
  readonly layer: TransactionLayer;
  readonly forwarder: Forwarder;
  readonly location: LocationStore;
  readonly registrar: Registrar;
  readonly resolver: SipResolver;
  readonly names: AccessNames;
  readonly seal: FlowSeal;
  /** The proxy of that name, while it is heard. */
  livingPeer(name: string): PeerProxy | undefined;
}

/** Of several targets of a name, one that is silent for so long is left for the next (RFC 3263 §4.3). */
const SILENT_MS = 4_000;

type Places = readonly (Target | Flow)[];

/** How the request looks to one outside end, but for the Record-Route, which names the target. */
interface Outlook {
  readonly shape: RequestShape;
  readonly name: AccessName;
  readonly recordRoute: boolean;
  readonly onUnreachable?: () => void;
}

export class Outbound {
  constructor(private readonly ports: OutboundPorts, private readonly settings: ProxySettings) {}

  /** By the flow that a Record-Route of ours names; when that is gone, to the remote target. */
  byFlow(request: SipRequest, transaction: ServerTransaction, flow: OutsideFlow, routes: OwnRoutes): void {
    const forward = this.ports.forwarder.open(transaction, 'target');
    this.#placesOf(request, flow, routes, (places, outlook) => forward.start([this.#hops(request, places, outlook)]));
  }

  ackByFlow(ack: SipRequest, flow: OutsideFlow, routes: OwnRoutes): void {
    this.#placesOf(ack, flow, routes, (places, outlook) => this.#sendAck(ack, places[0], outlook));
  }

  /** To every binding of the DN at once (RFC 3261 §16.6; forking by q is for others). */
  toPhone(dn: string, request: SipRequest, transaction: ServerTransaction, bindings: readonly LocationBinding[]): void {
    const forward = this.ports.forwarder.open(transaction, 'phone');
    const targets: Hop[][] = bindings.map(() => []);
    let waiting = bindings.length;
    bindings.forEach((binding, index) => {
      this.#bindingPlaces(binding, (places, outlook) => {
        const onUnreachable = (): void => this.ports.registrar.onUnreachable(dn, binding);
        targets[index] = this.#hops(request, places, { ...outlook, onUnreachable });
        waiting -= 1;
        if (waiting === 0) forward.start(targets.filter((hops) => hops.length > 0));
      });
    });
  }

  /** By the Request-URI, or the first foreign Route: a trunk, a phone with a contact of its own. */
  toUri(request: SipRequest, transaction: ServerTransaction, routes: OwnRoutes): void {
    const forward = this.ports.forwarder.open(transaction, 'target');
    this.#uriPlaces(request, routes, (places, outlook) => {
      forward.start(places.length === 0 ? [] : [this.#hops(request, places, outlook)]);
    });
  }

  ackToUri(ack: SipRequest, routes: OwnRoutes): void {
    this.#uriPlaces(ack, routes, (places, outlook) => this.#sendAck(ack, places[0], outlook));
  }

  #sendAck(ack: SipRequest, to: Target | Flow | undefined, outlook: Outlook): void {
    if (to === undefined) return;
    const { layer } = this.ports;
    layer.send(withTopVia(this.#bytesFor(ack, to, outlook), layer, to, outlook.name), to);
  }

  #hops(request: SipRequest, places: Places, outlook: Outlook): Hop[] {
    const last = places.length - 1;
    return places.map((to, at): Hop => ({
      to,
      name: outlook.name,
      timeoutMs: at === last ? undefined : SILENT_MS,
      bytes: () => this.#bytesFor(request, to, outlook),
      failed: (failure) => {
        if (!isFlow(to)) this.ports.resolver.targetFailed(to);
        if (at === last && failure === 'transport') outlook.onUnreachable?.();
      },
    }));
  }

  #bytesFor(request: SipRequest, to: Target | Flow, { shape, name, recordRoute }: Outlook): string {
    if (!recordRoute || !formsDialog(request)) return shapeRequest(request, shape);
    return shapeRequest(request, { ...shape, recordRoute: recordRouteOf(this.ports.seal, to, name) });
  }

  #placesOf(
    request: SipRequest, flow: OutsideFlow, routes: OwnRoutes, done: (places: Places, outlook: Outlook) => void,
  ): void {
    const peer = this.#holderOf(flow.holder);
    if (peer !== undefined) return done([toPeer(peer)], this.#inside({}));
    const outlook = this.#outside({ routesToRemove: routes.count }, this.#nameOf(routes));
    const places = [placeOf(flow)];
    // A connection may have been closed for idleness; who is not behind a NAT can be dialled again.
    if (flow.transport === 'udp' || routes.next !== undefined || !isDialable(request.requestUri, flow)) return done(places, outlook);
    this.ports.resolver.resolve(request.requestUri as SipUri, (targets) => done([...places, ...targets], outlook));
  }

  #bindingPlaces(binding: LocationBinding, done: (places: Places, outlook: Outlook) => void): void {
    const way = wayTo(binding);
    if (way === undefined) return done([], this.#inside({}));
    const shape: RequestShape = { uri: binding.contact, routes: binding.path };
    const outlook = this.#outside(shape, this.ports.names.byText(binding.reachedAs));
    const peer = way.kind === 'flow' ? this.#holderOf(way.holder) : undefined;
    if (way.kind === 'flow' && peer !== undefined) return done([toPeer(peer)], this.#inside(this.#relayed(shape, way, outlook.name)));
    this.#wayPlaces(way, (first) => {
      const other = wayWithoutFlow(binding);
      if (other === undefined) return done(first, outlook);
      this.#wayPlaces(other, (second) => done([...first, ...second], outlook));
    });
  }

  #wayPlaces(way: BindingWay, done: (places: Places) => void): void {
    if (way.kind === 'uri') return this.ports.resolver.resolve(way.uri, done);
    // A connection of a proxy that died is gone with it.
    const isLost = way.transport !== 'udp' && way.holder !== this.settings.name;
    done(isLost ? [] : [placeOf(way)]);
  }

  #uriPlaces(request: SipRequest, routes: OwnRoutes, done: (places: Places, outlook: Outlook) => void): void {
    const uri = routes.next === undefined ? request.requestUri : uriOf(routes.next);
    const outlook = this.#outside({ routesToRemove: routes.count }, this.ports.names.accessPoint);
    if (uri === undefined || !uri.isSip) return done([], outlook);
    this.ports.resolver.resolve(uri, (targets) => done(targets, outlook));
  }

  /** The living proxy that holds a flow, when it is another one. */
  #holderOf(name: string): PeerProxy | undefined {
    return name === this.settings.name ? undefined : this.ports.livingPeer(name);
  }

  /** For the proxy that holds the phone's connection: it finds the flow in the Route. */
  #relayed(shape: RequestShape, way: BindingWay & { kind: 'flow' }, name: AccessName): RequestShape {
    const { seal } = this.ports;
    const token = seal.seal(way.transport, way.host, way.port, way.holder);
    return { ...shape, routes: [`<sip:${token}@${name.inUri};lr>`] };
  }

  #nameOf({ last }: OwnRoutes): AccessName {
    return last === undefined ? this.ports.names.accessPoint : this.ports.names.of(last.uri.host, last.uri.port);
  }

  #outside(shape: RequestShape, name: AccessName): Outlook {
    return { shape: { ...shape, hideSource: true }, name, recordRoute: true };
  }

  /** To another proxy: it stays in the dialog, we do not. */
  #inside(shape: RequestShape): Outlook {
    return { shape, name: this.ports.names.accessPoint, recordRoute: false };
  }
}

function toPeer({ host, port }: PeerProxy): Target {
  return { transport: 'udp', host, port };
}

/** A NAT lets in what comes from where it sent to: by UDP to that address only, by a connection that exists. */
function placeOf({ transport, host, port }: Pick<OutsideFlow, 'transport' | 'host' | 'port'>): Target | Flow {
  if (transport === 'udp') return { transport, host, port, udpOnly: true };
  return { transport, host, port, key: flowKey(transport, host, port), localHost: '', localPort: 0 };
}

function uriOf(route: string): SipUri | undefined {
  const parsed = parseNameAddr(route);
  return parsed.ok ? parsed.value.uri : undefined;
}

function isDialable(uri: SipUri | undefined, flow: OutsideFlow): boolean {
  return uri !== undefined && uri.isSip && uri.host === flow.host;
}
