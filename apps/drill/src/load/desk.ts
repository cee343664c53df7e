/** A desktop server: one T-Library client with some dozens of agents, as a GWS is. */
import { kvGet, type KVList, type TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import type { Seat } from '../machines/cast.js';
import type { NamedNode } from '../machines/stage.js';

const ADDP_S = 4;
const RECONNECT_MS = 200;
/** Agents are busy with their calls for a moment after those ended. */
const READY_AGAIN_MS = 200;
const ANSWER_MS = 10_000;

type AgentState = 'out' | 'not ready' | 'ready';

export class Desk {
  readonly client: TlibClient;
  readonly #states = new Map<string, AgentState>();
  readonly #outOfService = new Set<string>();
  readonly #seats = new Map<string, Seat>();
  /** DN to the reason why its agent was logged out, while the drill ran. */
  readonly loggedOut = new Map<string, string>();
  #connected = false;
  #leaving = false;

  constructor(readonly name: string, readonly node: NamedNode, seats: readonly Seat[]) {
    for (const seat of seats) this.#seats.set(seat.dn, seat);
    this.client = new TlibClient({
      addresses: node.desktops, applicationName: name, addpTimeout: ADDP_S, reconnectDelayMs: RECONNECT_MS, keepTrying: true, connectTimeoutMs: 1_000,
    });
    this.client.on('*', (event) => this.#on(event));
  }

  /** Registers the DNs, logs the agents in, makes them ready. @throws Error */
  async open(): Promise<void> {
    await this.client.connect();
    await Promise.all([...this.#seats.values()].map((seat) => this.#logIn(seat)));
  }

  /** What has no service here. */
  missing(): string[] {
    if (!this.#connected) return [`${this.name}'s connection`];
    const agents = [...this.#seats.keys()].filter((dn) => this.#states.get(dn) === 'out' || this.#outOfService.has(dn));
    return agents.map((dn) => `${dn} (${this.#outOfService.has(dn) ? 'out of service' : 'logged out'})`);
  }

  /** That the agent leaves is known and wished for now. */
  expectLogout(dn: string): void {
    this.#seats.delete(dn);
  }

  async logInAgain(seat: Seat): Promise<void> {
    this.#seats.set(seat.dn, seat);
    await this.#logIn(seat);
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await Promise.all([...this.#seats.keys()].map((dn) => this.client.agentLogout(dn).catch(() => undefined)));
    this.client.close();
  }

  #on(event: TEvent): void {
    const dn = event['ThisDN'] as string | undefined;
    if (event.msg === 'EventServerConnected') return this.#opened(event['Resumed'] === true);
    if (event.msg === 'EventServerDisconnected') this.#connected = false;
    if (dn === undefined || !this.#seats.has(dn)) return;
    switch (event.msg) {
      case 'EventAgentLogin': return void this.#states.set(dn, 'not ready');
      case 'EventAgentReady': return void this.#states.set(dn, 'ready');
      case 'EventAgentNotReady':
        this.#states.set(dn, 'not ready');
        setTimeout(() => this.#readyAgain(dn), READY_AGAIN_MS).unref();
        return;
      case 'EventAgentLogout': return this.#lost(dn, 'EventAgentLogout');
      case 'EventDNOutOfService': return void this.#outOfService.add(dn);
      case 'EventDNBackInService': return void this.#outOfService.delete(dn);
      default:
    }
  }

  #opened(resumed: boolean): void {
    this.#connected = true;
    // A server that does not know the session any more: everything is registered anew, and its answers tell what became of the agents.
    if (!resumed && this.#states.size > 0) for (const seat of this.#seats.values()) void this.#registerAgain(seat);
  }

  async #registerAgain(seat: Seat): Promise<void> {
    const event = await this.client.registerAddress(seat.dn).catch(() => undefined);
    if (event === undefined || this.#leaving) return;
    const status = Number(kvGet(event['Extensions'] as KVList | undefined, 'AgentStatus') ?? 0);
    if (kvGet(event['Extensions'] as KVList | undefined, 'status') === 2) this.#outOfService.add(seat.dn);
    else this.#outOfService.delete(seat.dn);
    if (event['AgentID'] === undefined || status === 0) this.#lost(seat.dn, 'logged out when the desktop came back');
    else this.#states.set(seat.dn, status === 2 ? 'ready' : 'not ready');
  }

  #lost(dn: string, how: string): void {
    const seat = this.#seats.get(dn);
    if (this.#leaving || seat === undefined) return;
    if (this.#states.get(dn) !== 'out') this.loggedOut.set(dn, how);
    this.#states.set(dn, 'out');
    void this.#back(seat);
  }

  /** An agent who finds himself logged out logs in again, until it works. */
  async #back(seat: Seat): Promise<void> {
    await new Promise((resolve) => { setTimeout(resolve, 1_000).unref(); });
    if (this.#leaving || !this.#seats.has(seat.dn) || this.#states.get(seat.dn) !== 'out') return;
    await this.#logIn(seat).catch(() => this.#back(seat));
  }

  async #logIn({ dn, agentID }: Seat): Promise<void> {
    await this.client.registerAddress(dn);
    await this.client.agentLogin(dn, agentID);
    await this.client.request('RequestAgentReady', { ThisDN: dn }, ANSWER_MS);
    this.#states.set(dn, 'ready');
  }

  #readyAgain(dn: string): void {
    if (!this.#leaving && this.#states.get(dn) === 'not ready') this.client.agentReady(dn).catch(() => undefined);
  }
}
