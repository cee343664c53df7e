/** One port that the recorder listens to: an ordinary T-Library client that goes on where the process before it stopped. */
import { createHash } from 'node:crypto';
import type { Log } from '#kernel';
import { type TlibAddress, TlibClient, type TlibResume } from '#tlib/client';
import { filterOf, keptOf, type SourceKind } from '../machines/heard.js';
import type { Journal } from './journal.js';

export interface SourcePlan {
  /** Application and port. */
  readonly name: string;
  readonly kind: SourceKind;
  /** Both halves of a pair. */
  readonly addresses: readonly TlibAddress[];
  /** Virtual queues to register. */
  readonly queues: readonly string[];
}

export interface SourceOptions {
  readonly applicationName: string;
  readonly password: string;
  readonly userData: boolean;
}

const ROLES = { calls: 'InteractionProxy', agents: 'Smart', queue: 'Standard' } as const;
/** A server that says nothing for so long is left. */
const ADDP_S = 7;

export class Source {
  #client: TlibClient | undefined;
  #session = '';
  #token = '';
  #connected = false;

  constructor(
    readonly plan: SourcePlan, private readonly options: SourceOptions, private readonly journal: Journal, private readonly log: Log,
  ) {}

  get connected(): boolean {
    return this.#connected;
  }

  /** Begins to listen. A server that does not answer yet is connected to when it does; nothing waits for it. */
  async start(): Promise<void> {
    const { name, kind, addresses } = this.plan;
    const { applicationName, password, userData } = this.options;
    const resume = await this.journal.position(name) as TlibResume | undefined;
    const client = new TlibClient({
      addresses, applicationName, clientRole: ROLES[kind], password, addpTimeout: ADDP_S, keepTrying: true,
      filter: filterOf(kind, userData), ...(resume === undefined ? {} : { resume }),
    });
    this.#client = client;
    // What the session says at once comes before the client has made up its mind that it is connected.
    client.on('EventLinkConnected', (event) => {
      this.#token = event['SessionToken'] as string;
      this.#session = sessionName(this.#token);
    });
    client.on('EventServerConnected', (event) => {
      this.#connected = true;
      if (event['Resumed'] !== true) this.#fresh(client);
    });
    client.on('EventServerDisconnected', () => { this.#connected = false; });
    client.on('*', (event) => {
      const kept = event['EventSequenceNumber'] === undefined || event.msg === 'EventLinkConnected' ? undefined : keptOf(event);
      if (kept === undefined || !this.#isWanted(kept.msg)) return;
      this.journal.hear({ source: name, session: this.#session, sequence: event['EventSequenceNumber'] as number, event: lean(kept) }, this.#token);
    });
    client.connect().catch((error: Error) => this.log.warn('a server did not let the recorder in', { source: name, error: error.message }));
  }

  close(): void {
    this.#client?.close();
  }

  /** A session that knows nothing of the one before. Calls are told without asking. */
  #fresh(client: TlibClient): void {
    const { name, kind, queues } = this.plan;
    const asked = kind === 'agents' ? [client.request('RequestRegisterAll')] : queues.map((queue) => client.registerAddress(queue));
    for (const each of asked) each.catch((error: Error) => this.log.warn('a server refused what a recorder needs', { source: name, error: error.message }));
  }

  #isWanted(msg: string): boolean {
    return msg === 'AgentsOwned' || filterOf(this.plan.kind, this.options.userData).includes(msg);
  }
}

/** Tells sessions apart without giving their secret away. */
const sessionName = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 12);

/** Numbers of this connection say nothing later. */
function lean<T extends object>(event: T): T {
  const { EventSequenceNumber: _, ReferenceID: __, ...rest } = event as Record<string, unknown>;
  return rest as T;
}
