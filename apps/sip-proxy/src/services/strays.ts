/**
 * What belongs to transactions that this process does not have: another one carried the request, and died (docs/specs/sip-proxy.md, "Started again").
 */
import { type Flow, flowKey, type ServerTransaction, type SipRequest, type SipResponse, type Target, type TransactionLayer } from '#sip';
import type { AccessNames } from '../machines/access-names.js';
import { dialogServerId, serverIdOfTag } from '../machines/dialog-server.js';
import type { Inside } from '../machines/inside.js';
import type { Server, ServerPool } from '../machines/server-pool.js';
import { shapeRequest, shapeResponse } from '../machines/shape.js';
import type { Forwarder } from './forwarder.js';
import { serverTarget } from './server-hops.js';

export interface StraysPorts {
  readonly layer: TransactionLayer;
  readonly forwarder: Forwarder;
  readonly names: AccessNames;
  readonly inside: Inside;
  readonly pool: ServerPool;
  /** Of a dialog, while it may be reached. */
  dialogServer(serverId: number | undefined): Server | undefined;
}

/** Who does not have the call says so at once. */
const SILENT_MS = 2_000;

export class Strays {
  constructor(private readonly ports: StraysPorts) {}

  /** RFC 3261 §16.7, last part: a final response to INVITE is passed on by the next Via, to the inside or from there. */
  onResponse(response: SipResponse, flow: Flow): void {
    const [own] = response.vias;
    if (own === undefined || !this.ports.names.isOurHost(own.host) || response.status < 200 || response.cseq.method !== 'INVITE') return;
    const to = this.#next(response, flow);
    if (to !== undefined) this.ports.layer.send(shapeResponse(response), to);
  }

  /**
   * RFC 3261 §16.10: a CANCEL of an INVITE that is not known is passed on all the same. Whichever controller has that call knows it by the caller's
   * own names for it; the others answer 481.
   */
  onCancel(request: SipRequest, transaction: ServerTransaction): void {
    const { forwarder, names } = this.ports;
    const bytes = (): string => shapeRequest(request, {});
    const forward = forwarder.open(transaction, 'call');
    forward.start(this.#mayHave(request).map((each) => [{ to: serverTarget(each), name: names.accessPoint, timeoutMs: SILENT_MS, bytes }]));
  }

  #mayHave(cancel: SipRequest): readonly Server[] {
    const serverId = dialogServerId(cancel);
    if (serverId === undefined) return this.ports.pool.servers.filter(({ mayLive }) => mayLive);
    const server = this.ports.dialogServer(serverId);
    return server === undefined ? [] : [server];
  }

  /** Only the Vias of outside senders carry their address; that of a session controller is where the From tag says. */
  #next(response: SipResponse, flow: Flow): Target | undefined {
    const { names, inside, dialogServer } = this.ports;
    const next = response.vias[1];
    if (next === undefined) return undefined;
    if (next.received === undefined) {
      const server = names.isOurHost(next.host) ? dialogServer(serverIdOfTag(response.from.tag)) : undefined;
      return server && serverTarget(server);
    }
    const transport = next.transport === 'TCP' ? 'tcp' : next.transport === 'TLS' ? 'tls' : 'udp';
    const to: Target = { transport, host: next.received, port: next.rport ?? next.port ?? 5060 };
    return inside.holds(flow, '') || inside.has(flowKey(to.transport, to.host, to.port)) ? to : undefined;
  }
}
