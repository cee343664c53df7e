/** What operators would ask, asked by the drill. */
import type { Address } from '../machines/stage.js';

export interface Instance {
  readonly instance: string;
  readonly node: string;
  readonly tier: string;
  readonly dataCentre: string;
  readonly role: string;
}

export interface Answer {
  readonly instance: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly failed?: string;
}

const PATIENCE_MS = 10_000;
/** Rows of a page of the history. */
const PAGE = 500;

export class Consoles {
  constructor(private readonly addresses: readonly Address[], private readonly apiKey: string | undefined) {}

  async instances(): Promise<readonly Instance[]> {
    return (await this.#ask('instances') as { instances: Instance[] }).instances;
  }

  async command(name: string, args: object = {}): Promise<readonly Answer[]> {
    return (await this.#ask(`commands/${encodeURIComponent(name)}`, { args }) as { answers: Answer[] }).answers;
  }

  /** ConnIDs of all records of calls since then, one for each record. */
  async recordedCalls(fromMs: number): Promise<string[]> {
    const connIDs: string[] = [];
    let after: string | undefined;
    do {
      const query = new URLSearchParams({ from: String(Math.floor(fromMs)), limit: String(PAGE), ...(after === undefined ? {} : { after }) });
      const page = await this.#ask(`history/calls?${query.toString()}`) as { rows: { connID: string }[]; next?: string };
      connIDs.push(...page.rows.map(({ connID }) => connID));
      after = page.next;
    } while (after !== undefined);
    return connIDs;
  }

  /** Of the first console that answers. @throws Error when none does */
  async #ask(path: string, body?: object): Promise<object> {
    let reason = 'the configuration has no console';
    for (const { host, port } of this.addresses) {
      const headers = { 'content-type': 'application/json', ...(this.apiKey === undefined ? {} : { authorization: `Bearer ${this.apiKey}` }) };
      try {
        const reply = await fetch(`http://${host}:${port}/api/v1/${path}`, {
          signal: AbortSignal.timeout(PATIENCE_MS), headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        });
        if (reply.ok) return await reply.json() as object;
        reason = await reply.text();
      } catch (error) {
        reason = `${host}:${port}: ${(error as Error).message}`;
      }
    }
    throw new Error(`no console answers: ${reason}`);
  }
}
