/** Monitoring clients at every smart proxy: each hears all DNs, wherever their owners are. */
import { kvGet, type KVList, type TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { EventAudit } from '../machines/event-audit.js';
import type { Trouble } from '../machines/verdict.js';
import type { DataCentre } from '../machines/stage.js';

const ADDP_S = 4;
const RECONNECT_MS = 200;
/** Questions of one client at a time. */
const AT_ONCE = 100;

/** A DN as one smart proxy tells it. */
export interface Picture {
  readonly owner: string;
  readonly epoch: number;
  readonly seq: number;
  readonly inService: boolean;
  readonly agentStatus: number;
  readonly calls: readonly string[];
}

export class Monitor {
  readonly audit: EventAudit;
  readonly client: TlibClient;
  readonly #outOfService = new Set<string>();
  #connected = false;

  constructor(readonly name: string, readonly dataCentre: string, addresses: DataCentre['nodes'][number]['monitoring'], heard: (event: TEvent) => void) {
    this.audit = new EventAudit(name);
    this.client = new TlibClient({
      addresses, applicationName: `drill-monitor-${name}`, addpTimeout: ADDP_S, reconnectDelayMs: RECONNECT_MS, keepTrying: true, connectTimeoutMs: 1_000,
    });
    this.client.on('*', (event) => {
      this.audit.on(event);
      this.#service(event);
      heard(event);
    });
    this.client.on('EventServerConnected', (event) => {
      this.#connected = true;
      if (event['Resumed'] !== true) void this.client.registerAddress('*').catch(() => undefined);
    });
    this.client.on('EventServerDisconnected', () => { this.#connected = false; });
  }

  missing(): string[] {
    return this.#connected ? [] : [`the monitor at ${this.name}`];
  }

  /** DNs that it was told are out of service. */
  outOfService(dns: readonly string[]): string[] {
    return dns.filter((dn) => this.#outOfService.has(dn));
  }

  async pictures(dns: readonly string[]): Promise<ReadonlyMap<string, Picture>> {
    const pictures = new Map<string, Picture>();
    for (let from = 0; from < dns.length; from += AT_ONCE) {
      await Promise.all(dns.slice(from, from + AT_ONCE).map(async (dn) => {
        const event = await this.client.queryAddress(dn).catch(() => undefined);
        if (event !== undefined) pictures.set(dn, pictureOf(event));
      }));
    }
    return pictures;
  }

  #service(event: TEvent): void {
    const dn = event['ThisDN'] as string | undefined;
    if (dn === undefined) return;
    const status = event.msg === 'EventAddressInfo' ? kvGet(event['Extensions'] as KVList | undefined, 'status') : undefined;
    if (event.msg === 'EventDNOutOfService' || status === 2) this.#outOfService.add(dn);
    if (event.msg === 'EventDNBackInService' || status === 0 || status === 1) this.#outOfService.delete(dn);
  }
}

function pictureOf(event: TEvent): Picture {
  const extensions = event['Extensions'] as KVList | undefined;
  const calls: string[] = [];
  for (let n = 1; ; n += 1) {
    const connID = kvGet(extensions, `conn-${n}`);
    if (typeof connID !== 'string') break;
    calls.push(connID);
  }
  return {
    owner: String(event['Server'] ?? ''), epoch: Number(event['OwnerEpoch'] ?? 0), seq: Number(event['DNSequence'] ?? 0),
    inService: kvGet(extensions, 'status') !== 2, agentStatus: Number(kvGet(extensions, 'AgentStatus') ?? 0), calls,
  };
}

/** What differs between two monitors. */
export function differences(one: string, first: ReadonlyMap<string, Picture>, other: string, second: ReadonlyMap<string, Picture>): Trouble[] {
  return [...first].flatMap(([dn, picture]) => {
    const [mine, theirs] = [JSON.stringify(picture), JSON.stringify(second.get(dn) ?? null)];
    return mine === theirs ? [] : [{ what: dn, why: `${one} says ${mine}, ${other} ${theirs}` }];
  });
}
