/** Runs the checks of all session controllers: sends their OPTIONS, keeps their timers, hears their heartbeats. */
import type { Clock, Counter, Entropy, Log, Meter, Timer } from '#kernel';
import { type ClientTransaction, type ClientUser, makeRequest, type IdleLines, type SipRequest, type TransactionLayer } from '#sip';
import type { Heartbeat } from '#telephony';
import type { AccessName } from '../machines/access-names.js';
import { type CheckTimer, ServerCheck, type ServerCheckEffect, type ServerCheckInput } from '../machines/server-check.js';
import { Server, type ServerHalf, type ServerPool } from '../machines/server-pool.js';
import type { ProxySettings, ServerAddress } from '../settings.js';
import { HeldLine, type LineNews } from './held-line.js';

export interface ServerMonitorPorts {
  readonly layer: TransactionLayer;
  /** Absent: no server has a lifeline. */
  readonly lines?: IdleLines | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
}

const TAG_DIGITS = 16;

export class ServerMonitor {
  readonly #watched = new Map<string, readonly WatchedServer[]>();

  constructor(
    private readonly ports: ServerMonitorPorts, private readonly settings: ProxySettings,
    private readonly pool: ServerPool, private readonly name: AccessName,
  ) {
    ports.meter.gauge('proxy_lifelines', 'Session controllers to which an idle connection stands', () => this.#lifelines());
  }

  add(address: ServerAddress): void {
    const isPair = address.halves !== undefined;
    const makeCheck = () => new ServerCheck(this.settings);
    const server = new Server(address, makeCheck(), address.dataCentre === this.settings.dataCentre, isPair ? makeCheck() : undefined);
    this.pool.add(server);
    const watched = server.halves.map((half) => new WatchedServer(server, half, this.ports, this.name, this.settings.oosMaxForwards));
    this.#watched.set(address.name, watched);
    for (const each of watched) each.start();
  }

  remove(name: string): Server | undefined {
    for (const each of this.#watched.get(name) ?? []) each.close();
    this.#watched.delete(name);
    return this.pool.remove(name);
  }

  heard({ node, role, draining, half, term }: Heartbeat): void {
    const server = this.pool.byName(node);
    if (server === undefined) return;
    server.heartbeat = { role, draining };
    this.#of(server, server.present)?.listens();
    if (half === undefined || term === undefined) return;
    const primary = server.announced(half, term);
    if (primary !== undefined) this.#of(server, primary)?.announced(`primary of its pair in term ${term}`);
  }

  lost({ node }: Heartbeat): void {
    const server = this.pool.byName(node);
    if (server === undefined) return;
    server.heartbeat = undefined;
    this.doubt(server, 'its heartbeats stopped');
  }

  doubt(server: Server, reason: string): void {
    this.#of(server, server.present)?.on({ kind: 'doubted', reason });
  }

  #lifelines(): number {
    return this.pool.servers.flatMap(({ halves }) => halves).filter(({ lifeline }) => lifeline.state === 'Up').length;
  }

  #of(server: Server, half: ServerHalf): WatchedServer | undefined {
    return this.#watched.get(server.address.name)?.find((each) => each.half === half);
  }

  close(): void {
    for (const watched of this.#watched.values()) for (const each of watched) each.close();
    this.#watched.clear();
  }
}

/** One address of a server and its check. */
class WatchedServer implements ClientUser {
  readonly #timers = new Map<CheckTimer, Timer>();
  readonly #effects: ServerCheckEffect[] = [];
  readonly #changes: Counter;
  readonly #lost: Counter;
  readonly #line: HeldLine | undefined;
  #probe: ClientTransaction | undefined;
  #askedMs = 0;
  #sequence = 0;

  constructor(
    private readonly server: Server, readonly half: ServerHalf, private readonly ports: ServerMonitorPorts,
    private readonly name: AccessName, private readonly maxForwards: number,
  ) {
    this.#changes = ports.meter.counter('proxy_server_changes_total', 'Changes of state of session controllers');
    this.#lost = ports.meter.counter('proxy_lifelines_lost_total', 'Idle connections to session controllers that were closed, and nobody listened any more');
    const dialled = ports.meter.counter('proxy_lifelines_dialled_total', 'Attempts at an idle connection to a session controller');
    const { clock, lines } = ports;
    if (lines !== undefined) this.#line = new HeldLine(half, { clock, lines, dialled }, (news) => this.#heardOfLine(news));
  }

  start(): void {
    this.on({ kind: 'start' });
    this.#line?.on({ kind: 'start' });
  }

  /** It says on the bus that it is primary. */
  announced(reason: string): void {
    this.on({ kind: 'announced', reason });
    this.listens();
  }

  /** As far as can be told without a connection. */
  listens(): void {
    this.#line?.on({ kind: 'announced' });
  }

  on(input: ServerCheckInput): void {
    this.half.check.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  onResponse({ status }: { readonly status: number }, transaction: ClientTransaction): void {
    if (status < 200 || transaction !== this.#probe) return;
    this.#probe = undefined;
    const nowMs = this.ports.clock.nowMs();
    this.on({ kind: 'answered', status, latencyMs: nowMs - this.#askedMs, nowMs });
    if (this.half.check.state === 'in-service') this.server.answered(this.half);
  }

  onFailure(reason: 'timeout' | 'transport', transaction: ClientTransaction): void {
    // A time-out is the business of oos-force.
    if (reason === 'timeout' || transaction !== this.#probe) return;
    this.#probe = undefined;
    this.on({ kind: 'unreachable', reason: 'OPTIONS could not be sent' });
  }

  close(): void {
    this.#line?.on({ kind: 'stop' });
    this.#probe?.terminate();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #perform(effect: ServerCheckEffect): void {
    switch (effect.kind) {
      case 'probe': return this.#sendOptions();
      case 'giveUp': return this.#giveUp();
      case 'setTimer': return this.#setTimer(effect.timer, effect.ms);
      case 'clearTimer': return this.#timers.get(effect.timer)?.cancel();
      case 'changed': return this.#changed(effect);
    }
  }

  #heardOfLine(news: LineNews): void {
    switch (news.kind) {
      case 'found': return this.on(news);
      case 'suspected': return this.on({ kind: 'cut', reason: `its lifeline was cut: ${news.reason}` });
      case 'lost': return this.#nobodyListens(news.reason);
    }
  }

  /** One that answered OPTIONS meanwhile serves on, without TCP. */
  #nobodyListens(reason: string): void {
    const { check, process } = this.half;
    this.#lost.add();
    this.ports.log.info('the lifeline of a session controller is lost', { server: process, reason });
    if (check.cut || check.state === 'out-of-service') this.server.lost(this.half);
  }

  #sendOptions(): void {
    const { host, port } = this.half;
    const { viaHost, viaPort } = this.name;
    this.#askedMs = this.ports.clock.nowMs();
    this.#probe = this.ports.layer.request(this.#options(), { transport: 'udp', host, port }, this, {
      viaHost, ...(viaPort === undefined ? {} : { viaPort }),
    });
  }

  #options(): SipRequest {
    const { entropy } = this.ports;
    const uri = `sip:${this.name.inUri}`;
    this.#sequence += 1;
    return makeRequest({
      method: 'OPTIONS', uri, headers: [
        ['Max-Forwards', String(this.maxForwards)],
        ['From', `<${uri}>;tag=${entropy.hex(TAG_DIGITS)}`],
        ['To', `<${uri}>`],
        ['Call-ID', entropy.hex(TAG_DIGITS)],
        ['CSeq', `${this.#sequence} OPTIONS`],
      ],
    });
  }

  #giveUp(): void {
    this.#probe?.terminate();
    this.#probe = undefined;
  }

  #setTimer(timer: CheckTimer, ms: number): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.set(timer, this.ports.clock.setTimer(ms, () => this.on({ kind: 'timer', timer })));
  }

  #changed({ from, to, reason }: ServerCheckEffect & { kind: 'changed' }): void {
    this.#changes.add();
    if (to === 'out-of-service') this.#line?.on({ kind: 'silent' });
    if (to === 'in-service') this.listens();
    this.ports.log.info('a session controller changed its state', { server: this.half.process, from, to, reason });
  }
}
