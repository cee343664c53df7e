/** An agent's desktop at a TCport: logs the agent in, keeps it ready, does what its user does between calls. */
import type { Timer } from '#kernel';
import type { TEvent } from '#tlib';
import { kvGet, type KVList } from '#tlib';
import type { SimPorts } from '#simulation';
import { agentOf } from '../switch.js';
import { SimTlibClient } from './tlib-client.js';

export interface DesktopHabits {
  /** After the agent was made not ready he comes back; undefined: never by himself. */
  readonly readyAgainMs: number | undefined;
}

const WATCH_MS = 2_000;

export class Desktop {
  readonly client: SimTlibClient;
  /** Every event of the DN that this desktop was told, oldest first. */
  readonly events: TEvent[] = [];
  agent: 'LoggedOut' | 'NotReady' | 'Ready' = 'LoggedOut';
  inService = false;
  #wanted: 'LoggedOut' | 'NotReady' | 'Ready' = 'LoggedOut';
  #asking = false;
  #timer: Timer | undefined;
  #notReadySinceMs = 0;

  constructor(private readonly ports: SimPorts, readonly dn: string, address: string, private readonly habits: DesktopHabits) {
    this.client = new SimTlibClient(ports, address, 'Desktop');
    this.client.on('*', (event) => this.#heard(event));
    this.client.on('EventServerConnected', () => void this.client.registerAddress(dn).then((event) => this.#registered(event), () => this.client.reset()));
  }

  /** Connects and brings the agent to that state, and keeps him there. */
  async start(state: 'NotReady' | 'Ready' = 'Ready'): Promise<void> {
    this.#wanted = state;
    await this.client.connect();
    this.#watch();
  }

  want(state: 'LoggedOut' | 'NotReady' | 'Ready'): void {
    this.#wanted = state;
    this.#act(true);
  }

  close(): void {
    this.#timer?.cancel();
    this.client.close();
  }

  #registered(event: TEvent): void {
    const extensions = event['Extensions'] as KVList | undefined;
    const status = kvGet(extensions, 'AgentStatus');
    this.inService = kvGet(extensions, 'status') !== 2;
    this.agent = status === 2 ? 'Ready' : status === 0 || status === undefined ? 'LoggedOut' : 'NotReady';
    this.#act(false);
  }

  #heard(event: TEvent): void {
    if (event['ThisDN'] !== this.dn) return;
    this.events.push(event);
    switch (event.msg) {
      case 'EventDNBackInService': this.inService = true; return this.#act(false);
      case 'EventDNOutOfService': this.inService = false; return;
      case 'EventAgentLogout': this.agent = 'LoggedOut'; return;
      case 'EventAgentLogin': this.agent = 'NotReady'; return;
      case 'EventAgentReady': this.agent = 'Ready'; return;
      case 'EventAgentNotReady':
        this.agent = 'NotReady';
        this.#notReadySinceMs = this.ports.clock.nowMs();
        return;
      default:
    }
  }

  #watch(): void {
    this.#timer = this.ports.clock.setTimer(WATCH_MS, () => {
      this.#watch();
      this.#act(false);
    });
  }

  /** The next request towards the wanted state, if one is due. */
  #act(now: boolean): void {
    const request = this.#next(now);
    if (this.#asking || this.#wanted === this.agent || !this.client.connected || request === undefined) return;
    this.#asking = true;
    const more = request === 'RequestAgentLogin' ? { AgentID: agentOf(this.dn) } : {};
    this.client.request(request, { ThisDN: this.dn, ...more }).then(() => this.#answered(true), () => this.#answered(false));
  }

  #answered(ok: boolean): void {
    this.#asking = false;
    if (ok) this.#act(true);
  }

  #next(now: boolean): string | undefined {
    if (!this.inService || this.agent === this.#wanted) return undefined;
    if (this.#wanted === 'LoggedOut') return 'RequestAgentLogout';
    if (this.agent === 'LoggedOut') return 'RequestAgentLogin';
    if (this.#wanted === 'NotReady') return 'RequestAgentNotReady';
    const restMs = this.habits.readyAgainMs;
    const rested = restMs !== undefined && this.ports.clock.nowMs() - this.#notReadySinceMs >= restMs;
    return now || rested ? 'RequestAgentReady' : undefined;
  }
}
