/** The people of the demo: agents with phone and desktop, callers behind a carrier. Public protocols only. */
import type { CallPlan, Phone, Softphones } from '#softphone';
import { ANY_USER, type Call, openSoftphones } from '#softphone';
import { TlibClient } from '#tlib/client';
import type { Cluster } from './cluster.js';
import type { Outcomes } from './machines/floor.js';

export const ROUTING_POINT = '5000';
const DOMAIN = 'sip.cordboard.test';
/** Of a hundred offered calls an agent declines so many, and does not hear so many. */
const DECLINED = 3;
const UNHEARD = 1;
/** Back at work after a missed call. */
const BREAK_MS = 4_000;
/** Of a hundred conversations agents end so many, from their desktops. */
const ENDED_BY_AGENT = 20;
const PATIENCE_MS_MIN = 4_000;
const PATIENCE_MS_MAX = 30_000;
/** For calls to end, and phones to sign off, at most. */
const QUIET_MS = 10_000;

const between = (min: number, max: number): number => min + Math.random() * (max - min);
const outOf100 = (count: number): boolean => Math.random() * 100 < count;
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Agents {
  readonly #desktops: TlibClient[] = [];
  readonly #phones: Phone[] = [];
  #open = true;

  private constructor(private readonly softphones: Softphones, private readonly cluster: Cluster, private readonly talkMs: number) {}

  /** Phones register by the SRV name, every second one over TCP; then agents log in and are ready. */
  static async start(cluster: Cluster, count: number, talkMs: number): Promise<Agents> {
    const { host, ports } = cluster;
    const softphones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: 0 }, { transport: 'tcp', host, port: 0 }], nameserver: { host, port: ports.dns },
    });
    const agents = new Agents(softphones, cluster, talkMs);
    await Promise.all(Array.from({ length: count }, (_, i) => agents.#arrive(String(7001 + i), i % 2 === 0 ? 'udp' : 'tcp')));
    return agents;
  }

  /** Logs everybody out and the phones off. */
  async leave(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#phones.map(async (phone, i) => {
      await this.#desktops[i]?.agentLogout(phone.user).catch(() => undefined);
      await Promise.race([phone.unregister(), pause(QUIET_MS)]);
    }));
    for (const desktop of this.#desktops) desktop.close();
    await this.softphones.close();
  }

  async #arrive(dn: string, transport: 'udp' | 'tcp'): Promise<void> {
    const phone = this.softphones.add({ user: dn, domain: DOMAIN, password: `secret-${dn}`, transport, plan: planOfAgent });
    const status = await phone.register();
    if (status !== 200) throw new Error(`phone ${dn} was not registered: ${status}`);
    this.#phones.push(phone);
    const desktop = new TlibClient({ addresses: [{ host: this.cluster.host, port: this.cluster.ports.desktop }], applicationName: `desktop-${dn}` });
    this.#desktops.push(desktop);
    await desktop.connect();
    await desktop.registerAddress(dn);
    desktop.onNewSession(() => this.#back(desktop, dn));
    desktop.on('EventAgentNotReady', () => setTimeout(() => this.#backToWork(desktop, dn), BREAK_MS));
    desktop.on('EventEstablished', (event) => this.#maybeHangUp(desktop, dn, event['ConnID'] as string));
    await desktop.agentLogin(dn, `agent${dn}`);
    await desktop.agentReady(dn);
  }

  /** The server that had the session is gone. The agent may still be logged in. */
  async #back(desktop: TlibClient, dn: string): Promise<void> {
    const { AgentID } = await desktop.registerAddress(dn);
    if (AgentID !== undefined || !this.#open) return;
    await desktop.agentLogin(dn, `agent${dn}`);
    await desktop.agentReady(dn);
  }

  /** The switch takes agents who decline or miss a call out; he comes back when he is ready. */
  #backToWork(desktop: TlibClient, dn: string): void {
    if (this.#open) desktop.agentReady(dn).catch(() => undefined);
  }

  #maybeHangUp(desktop: TlibClient, dn: string, connID: string): void {
    if (!outOf100(ENDED_BY_AGENT)) return;
    // The caller may have been quicker: then there is no such call any more.
    setTimeout(() => { if (this.#open) desktop.releaseCall(dn, connID).catch(() => undefined); }, this.talkMs * between(0.5, 1));
  }
}

function planOfAgent(): CallPlan {
  if (outOf100(UNHEARD)) return { ringMs: 100 };
  if (outOf100(DECLINED)) return { ringMs: 100, reject: { afterMs: between(300, 2_000), status: 486 } };
  return { ringMs: 100, answerMs: between(400, 3_000) };
}

export class Callers {
  readonly outcomes: Outcomes = { answered: 0, abandoned: 0, defaultRouted: 0 };
  /** Ended in none of those, by status. */
  readonly refused = new Map<number, number>();
  started = 0;
  readonly #live = new Set<Call>();
  readonly #carrier: Phone;
  #timer: NodeJS.Timeout | undefined;
  #quiet: (() => void) | undefined;

  private constructor(private readonly softphones: Softphones, cluster: Cluster, private readonly talkMs: number) {
    this.#carrier = softphones.add({ user: ANY_USER, domain: `${cluster.host}:${cluster.ports.sip}`, callsMax: 10_000 });
    this.#carrier.events.onCall = (call) => this.#onCall(call);
  }

  /** A carrier where the cluster's trunk leads. */
  static async start(cluster: Cluster, talkMs: number): Promise<Callers> {
    const { host, ports } = cluster;
    const softphones = await openSoftphones({
      listen: [{ transport: 'udp', host, port: ports.carrier }], outboundProxy: { transport: 'udp', host, port: ports.sip },
    });
    return new Callers(softphones, cluster, talkMs);
  }

  get live(): number {
    return this.#live.size;
  }

  /** Calls begin at random, so many a second on average. */
  begin(perSecond: number): void {
    this.#timer = setTimeout(() => {
      this.begin(perSecond);
      this.#callOnce();
    }, (-Math.log(1 - Math.random()) * 1_000) / perSecond);
  }

  /** Nobody calls any more, and who still does hangs up. Resolves when all have. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const call of this.#live) call.hangUp();
    if (this.#live.size > 0) await Promise.race([new Promise<void>((resolve) => { this.#quiet = resolve; }), pause(QUIET_MS)]);
  }

  close(): Promise<void> {
    return this.softphones.close();
  }

  #callOnce(): void {
    this.started += 1;
    const call = this.#carrier.call(ROUTING_POINT, `+4930${100_000 + (this.started % 900_000)}`);
    setTimeout(() => { if (call.state !== 'Established') call.hangUp(); }, between(PATIENCE_MS_MIN, PATIENCE_MS_MAX)).unref();
  }

  #onCall(call: Call): void {
    if (call.state === 'Calling') this.#live.add(call);
    if (call.state === 'Established') setTimeout(() => call.hangUp(), this.talkMs * between(0.5, 1.5)).unref();
    if (call.state !== 'Ended' || !this.#live.delete(call)) return;
    this.#count(call.end?.status ?? 0);
    if (this.#live.size === 0) this.#quiet?.();
  }

  #count(status: number): void {
    if (status === 200) this.outcomes.answered += 1;
    else if (status === 487) this.outcomes.abandoned += 1;
    // docs/specs/call.md, D-05: no default destination is configured.
    else if (status === 480) this.outcomes.defaultRouted += 1;
    else this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
  }
}
