/** Call limits as operators set and see them, over HTTP. */

const PAGE = 500;
/** For a console that has just started to read what there is. */
const READ_MS = 20_000;

export interface LimitUsage {
  readonly id: string;
  readonly dnis: string;
  readonly limit: number;
  readonly used: number;
  readonly full: boolean;
  readonly wouldRefuse?: number;
}

export class LimitsApi {
  /** @param console such as `http://127.1.0.51:8080` */
  constructor(private readonly console: string) {}

  /** In force at every living proxy when this resolves. */
  async mode(mode: 'unlimited' | 'all-busy' | 'dnis'): Promise<void> {
    await this.#change('PUT', 'mode', { mode });
  }

  /** As `mode`. */
  async rule(id: string, rule: object): Promise<void> {
    await this.#change('PUT', `rules/${id}`, rule);
  }

  /** As `mode`. */
  async patch(id: string, fields: object): Promise<void> {
    await this.#change('PATCH', `rules/${id}`, fields);
  }

  /** By the rules' ids. */
  async usage(): Promise<ReadonlyMap<string, LimitUsage>> {
    const found = new Map<string, LimitUsage>();
    let after: string | undefined;
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(after === undefined ? {} : { after }) });
      const page = await this.#ask('GET', `usage?${query.toString()}`) as { readonly usage: readonly LimitUsage[]; readonly next?: string };
      for (const each of page.usage) found.set(each.id, each);
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  /** What the rules count together. */
  async used(): Promise<number> {
    return [...(await this.usage()).values()].reduce((sum, { used }) => sum + used, 0);
  }

  /** @throws Error naming the proxies that did not say that it is in force */
  async #change(method: string, path: string, body: object): Promise<void> {
    const { notInForce } = await this.#ask(method, path, body) as { readonly notInForce?: readonly string[] };
    if (notInForce !== undefined) throw new Error(`${path} is not in force at ${notInForce.join(', ')}`);
  }

  /** Asks again while the console has not read what there is: it says so by 503. */
  async #ask(method: string, path: string, body?: object): Promise<object> {
    const untilMs = performance.now() + READ_MS;
    for (;;) {
      const { status, text } = await this.#askOnce(method, path, body);
      if (status < 300) return JSON.parse(text) as object;
      if (status !== 503 || performance.now() > untilMs) throw new Error(`${method} ${path}: ${status} ${text}`);
    }
  }

  async #askOnce(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly text: string }> {
    const reply = await fetch(`${this.console}/api/v1/limits/${path}`, {
      method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: reply.status, text: await reply.text() };
  }
}
