/** From outside to a session controller: which one, and what the request looks like there. */
import type { Clock } from '#kernel';
import type { Flow, NameAddr, ServerTransaction, SipRequest, TransactionLayer } from '#sip';
import type { LocationStore } from '#store';
import type { AccessName, AccessNames } from '../machines/access-names.js';
import type { AffinityTable } from '../machines/affinity-table.js';
import type { FlowSeal } from '../machines/flow-seal.js';
import type { OwnRoutes } from '../machines/own-routes.js';
import { FLOW_HEADER } from '../machines/private-headers.js';
import { recordRouteOf } from '../machines/record-route.js';
import type { Server, ServerPool } from '../machines/server-pool.js';
import { shapeRequest } from '../machines/shape.js';
import type { ProxySettings } from '../settings.js';
import type { Forwarder } from './forwarder.js';
import type { Admission } from './limiter.js';
import { dialogHops, serverHops, serverTarget } from './server-hops.js';
import type { ServerMonitor } from './server-monitor.js';
import { withTopVia } from './top-via.js';

export interface InboundPorts {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly forwarder: Forwarder;
  readonly pool: ServerPool;
  readonly monitor: ServerMonitor;
  readonly affinity: AffinityTable;
  readonly location: LocationStore;
  readonly names: AccessNames;
  readonly seal: FlowSeal;
}

/** Where a request came from. */
export interface Origin {
  readonly flow: Flow;
  /** Of `flowOf`. */
  readonly registered: string | undefined;
}

/** Methods that make a dialog, in which we want to stay (RFC 3261 §16.6 step 4, RFC 6665, RFC 3515). */
const DIALOG_FORMING = new Set(['INVITE', 'SUBSCRIBE', 'REFER']);

export function formsDialog({ method, to }: SipRequest): boolean {
  return to.tag === undefined && DIALOG_FORMING.has(method);
}

export class Inbound {
  constructor(private readonly ports: InboundPorts, private readonly settings: ProxySettings) {}

  /** A request that opens something: any server may take it. `admission`: call limits let it in. */
  toChosenServer(request: SipRequest, transaction: ServerTransaction, { flow, registered }: Origin, routes: OwnRoutes, admission?: Admission): void {
    const { pool, forwarder, names, monitor } = this.ports;
    const headers = [...(registered === undefined ? [] : [[FLOW_HEADER, registered] as const]), ...admission?.headers ?? []];
    const bytes = shapeRequest(request, {
      routesToRemove: routes.count,
      ...(formsDialog(request) ? { recordRoute: this.#recordRoute(request, flow, routes.last) } : {}),
      headers,
    });
    const hops = serverHops(pool.forCall(this.#kin(request)), bytes, names.accessPoint, monitor);
    const forward = admission?.forward ?? forwarder.open(transaction, 'server');
    forward.start(hops.length === 0 ? [] : [hops]);
  }

  /** A request within a dialog: its server's own. */
  toServer(server: Server, request: SipRequest, transaction: ServerTransaction, routes: OwnRoutes, admission?: Admission): void {
    const { forwarder, names } = this.ports;
    const bytes = () => shapeRequest(request, { routesToRemove: routes.count, headers: admission?.headers ?? [] });
    const forward = admission?.forward ?? forwarder.open(transaction, 'target');
    forward.start([dialogHops(server, bytes, names.accessPoint)]);
  }

  /** ACK has no transaction (RFC 3261 §16.11). */
  ackToServer(server: Server, ack: SipRequest, routes: OwnRoutes): void {
    const { layer, names } = this.ports;
    const to = serverTarget(server);
    layer.send(withTopVia(shapeRequest(ack, { routesToRemove: routes.count }), layer, to, names.accessPoint), to);
  }

  /** The server that has calls of the caller's DN, or of the dialled one; Extensions only, as calls of a Routing Point belong spread out. */
  #kin(request: SipRequest): string | undefined {
    return this.#nodeOf(request.from.uri.userName) ?? this.#nodeOf(request.requestUri?.userName ?? '');
  }

  #nodeOf(dn: string): string | undefined {
    const { affinity, clock } = this.ports;
    return this.settings.dnType(dn) === 'Extension' ? affinity.nodeOf(dn, clock.nowMs()) : undefined;
  }

  /** Who registered over this very flow needs no challenge (docs/specs/cluster-protocol.md). */
  flowOf(request: SipRequest, flow: Flow): string | undefined {
    const dn = request.from.uri.userName;
    const isRegistered = this.ports.location.list(dn)
      .some((binding) => binding.flow === flow.key && binding.node === this.settings.name);
    return isRegistered ? `registered;dn=${dn}` : undefined;
  }

  #recordRoute(request: SipRequest, flow: Flow, route: NameAddr | undefined): string {
    return recordRouteOf(this.ports.seal, flow, this.#calledAs(request, route));
  }

  /** What the sender calls us: it must be able to reach that name again. */
  #calledAs(request: SipRequest, route: NameAddr | undefined): AccessName {
    const uri = route?.uri ?? request.requestUri;
    return uri === undefined ? this.ports.names.accessPoint : this.ports.names.of(uri.host, uri.port);
  }
}
