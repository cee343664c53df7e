/** Phones, agents' desktops and a carrier around a running switch: what the suites of calls are written with. */
import type { TEvent } from '#tlib';
import type { TlibClient } from '#tlib/client';
import type { RunningSwitch } from './running-switch.js';
import { registerPhones, runSipp, type SippOptions, type SippResult, type SippRun } from './sipp.js';

const CARRIER_PORT = 5090;

export class CallCenter {
  readonly #phones = new Map<string, SippRun>();
  readonly #registered = new Map<string, string>();

  constructor(private readonly running: RunningSwitch) {}

  /** Where the phone of a DN is: several DNs may share an address. */
  phoneAt(dn: string): string {
    return `${this.running.plan.phones}:${10_000 + Number(dn)}`;
  }

  /** Registers the DNs from the first one's address through the proxies in turn; resolves when they are in service. */
  async register(dns: readonly string[], desk: TlibClient): Promise<void> {
    const back = dns.map((dn) => desk.next('EventDNBackInService', (event) => event['ThisDN'] === dn, 20_000));
    for (const dn of dns) await desk.registerAddress(dn);
    const { plan, proxies } = this.running;
    const local = this.phoneAt(dns[0] as string);
    const result = await registerPhones(dns, local, proxies[Number(dns[0]) % proxies.length] as string, plan.accessPoint);
    if (result.status !== 0) throw new Error(`phones could not register: ${result.errors}`);
    for (const dn of dns) this.#registered.set(dn, local);
    await Promise.all(back);
  }

  /** What the phone at that DN's address does from now on. */
  phone(dn: string, scenario: string, options: Partial<SippOptions> = {}): void {
    this.#phones.set(dn, runSipp(scenario, { local: this.phoneAt(dn), timeoutS: 300, ...options }));
  }

  async ready(desk: TlibClient, dn: string): Promise<void> {
    await desk.agentLogin(dn, `agent${dn}`);
    await desk.agentReady(dn);
  }

  /** Registered, a phone that answers, an agent who is ready. */
  async seat(desk: TlibClient, dn: string, scenario = 'phone-answers', options: Partial<SippOptions> = {}): Promise<void> {
    await this.register([dn], desk);
    this.phone(dn, scenario, options);
    await this.ready(desk, dn);
  }

  carrier(scenario: string, called: string, options: Partial<SippOptions> = {}, through = 0): SippRun {
    const { plan, proxies } = this.running;
    const keys = { called, ...options.keys };
    const local = `${plan.carrier}:${CARRIER_PORT}`;
    return runSipp(scenario, { local, remote: proxies[through % proxies.length] as string, calls: 1, timeoutS: 40, ...options, keys });
  }

  /** Ends every phone, and takes every registration back. */
  async close(desk: TlibClient): Promise<void> {
    await this.hangUp();
    for (const dn of [...this.#registered.keys()]) await this.unregister(desk, dn);
  }

  /** Resolves when the DN is out of service. */
  async unregister(desk: TlibClient, dn: string): Promise<void> {
    const { plan, proxies } = this.running;
    const gone = about(desk, 'EventDNOutOfService', dn);
    await desk.registerAddress(dn);
    await registerPhones([dn], this.#registered.get(dn) as string, proxies[0] as string, plan.accessPoint, 0);
    this.#registered.delete(dn);
    await gone;
  }

  /** Ends every phone, whatever it does. */
  async hangUp(): Promise<void> {
    const phones = [...this.#phones.values()];
    this.#phones.clear();
    await Promise.all(phones.map((phone) => phone.stop()));
  }

  /** Asks again until no call is left, or for 10 s; what is left then. */
  async callsLeft(): Promise<unknown[]> {
    const untilMs = performance.now() + 10_000;
    for (;;) {
      const answers = await this.running.ask('calls list');
      const calls = answers.flatMap(({ result }) => result['calls'] as unknown[]);
      if (calls.length === 0 || performance.now() > untilMs) return calls;
    }
  }
}

/** @throws Error with what sipp saw, unless every call went as its scenario says */
export async function went(run: SippRun): Promise<SippResult> {
  const result = await run.done;
  if (result.status !== 0 || result.failed > 0) {
    throw new Error(`sipp: status ${result.status}, ${result.failed} calls failed\n${result.errors.slice(0, 4_000)}`);
  }
  return result;
}

/** The next event of that name about the DN. */
export const about = (client: TlibClient, name: string, dn: string, timeoutMs = 20_000): Promise<TEvent> =>
  client.next(name, (event) => event['ThisDN'] === dn, timeoutMs);
