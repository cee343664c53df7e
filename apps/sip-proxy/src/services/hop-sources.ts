/** Where a request may go: the session controllers in the order of choice, or the targets of a name. */
import type { Flow, SipResolver, Target } from '#sip';
import { isFlow } from '#sip';
import type { AccessName } from '../machines/access-names.js';
import type { Hop, HopFailure, HopSource } from '../machines/hop.js';
import type { Server } from '../machines/server-pool.js';
import type { ServerMonitor } from './server-monitor.js';

/** A controller is in the same room: two retransmissions without any answer are enough. */
const SERVER_SILENT_MS = 2_000;
/** Of several targets of a name, one that is silent for so long is left for the next (RFC 3263 §4.3). */
const TARGET_SILENT_MS = 4_000;

/** Every tried server is offered once; `pick` knows the order. */
export class ServerSource implements HopSource {
  readonly #tried: Server[] = [];

  constructor(
    private readonly pick: (tried: readonly Server[]) => Server | undefined, private readonly bytes: string,
    private readonly name: AccessName, private readonly monitor: ServerMonitor,
  ) {}

  next(): Hop | undefined {
    const server = this.pick(this.#tried);
    if (server === undefined) return undefined;
    this.#tried.push(server);
    server.picked += 1;
    const { host, port } = server.address;
    return { to: { transport: 'udp', host, port }, bytes: this.bytes, name: this.name, timeoutMs: SERVER_SILENT_MS };
  }

  failed(_hop: Hop, failure: HopFailure): void {
    const server = this.#tried.at(-1);
    if (server !== undefined && failure !== 'busy') this.monitor.doubt(server, `a request to it was ${failure}`);
  }
}

/** One server or none: requests within dialogs have no other place to go. */
export class SingleSource implements HopSource {
  #hop: Hop | undefined;

  constructor(hop: Hop) {
    this.#hop = hop;
  }

  next(): Hop | undefined {
    const hop = this.#hop;
    this.#hop = undefined;
    return hop;
  }

  failed(): void {}
}

export interface TargetSourceOptions {
  readonly name: AccessName;
  /** The request as it goes to that target: Record-Route names it. */
  bytesFor(to: Target | Flow): string;
  /** Nobody answers there any more. */
  readonly onUnreachable?: () => void;
}

export class TargetSource implements HopSource {
  #at = 0;

  constructor(
    private readonly targets: readonly (Target | Flow)[], private readonly options: TargetSourceOptions,
    private readonly resolver: SipResolver,
  ) {}

  next(): Hop | undefined {
    const to = this.targets[this.#at];
    if (to === undefined) return undefined;
    this.#at += 1;
    const isLast = this.#at === this.targets.length;
    const { name } = this.options;
    return { to, bytes: this.options.bytesFor(to), name, timeoutMs: isLast ? undefined : TARGET_SILENT_MS };
  }

  failed({ to }: Hop, failure: HopFailure): void {
    if (!isFlow(to)) this.resolver.targetFailed(to);
    if (failure === 'unreachable' && this.#at === this.targets.length) this.options.onUnreachable?.();
  }
}
