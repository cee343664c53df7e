/** A running switch for end-to-end tests: in one process, or its tiers apart over a real nats-server. */
import type { NatsServer } from '#servers';
import type { TlibClientOptions } from '#tlib/client';
import { TlibClient } from '#tlib/client';
import { type ClusterRun, runCluster } from './cluster.js';
import { loopbackBlock } from './loopback.js';
import { findNatsServer, startNats } from './server-files.js';
import { planSwitch, type SwitchPlan, type SwitchWishes, switchYaml } from './switch.js';

export type SwitchShape = 'one process' | 'processes over NATS';

export type TlibPort = 'default' | 'TCport' | 'IPport' | 'SmartProxy' | 'VQ';

/** Changes travel between proxies in a few hundredths of a second. */
const AGREE_MS = 5_000;

const PORT_NUMBERS: Readonly<Record<TlibPort, number>> = { default: 7000, TCport: 7001, IPport: 7002, SmartProxy: 7003, VQ: 7010 };

/** By the names of their processes. */
export interface Halves {
  readonly primary: string;
  readonly backup: string;
  /** Whom to ask for a switchover. */
  readonly instance: string;
}

export class RunningSwitch {
  readonly #clients: TlibClient[] = [];

  readonly #processes = new Map<string, ClusterRun>();

  private constructor(
    readonly plan: SwitchPlan, private readonly starts: ReadonlyMap<string, TierProcess>, private readonly yaml: string,
    private readonly nats: NatsServer | undefined,
  ) {}

  /** Starts wave by wave: whoever is asked comes before whoever asks. */
  static async start(plan: SwitchPlan, waves: readonly (readonly TierProcess[])[], yaml: string, nats: NatsServer | undefined): Promise<RunningSwitch> {
    const running = new RunningSwitch(plan, new Map(waves.flat().map((process) => [keyOf(process), process])), yaml, nats);
    for (const wave of waves) await Promise.all(wave.map((process) => running.begin(keyOf(process))));
    return running;
  }

  get processes(): ReadonlyMap<string, ClusterRun> {
    return this.#processes;
  }

  /** Ends a process, such as `Router_dc1_1/router`, as a crash would. */
  async kill(key: string): Promise<void> {
    const run = this.#processes.get(key);
    if (run === undefined) throw new Error(`no process ${key}; there are ${[...this.#processes.keys()].join(', ')}`);
    run.signal('SIGKILL');
    await run.exited;
    this.#processes.delete(key);
  }

  /** Starts that process; resolves when it is ready. */
  async begin(key: string): Promise<void> {
    const { app, instance, type } = this.starts.get(key) as TierProcess;
    const run = runCluster(this.yaml, instance === undefined ? [] : ['--app', instance], app);
    this.#processes.set(key, run);
    await run.line(`${type} ready`);
  }

  /** Registers and calls go to these, `host:5060`. */
  get proxies(): readonly string[] {
    return this.plan.proxies.map(({ host }) => `${host}:5060`);
  }

  /** A connected client of that port, of the node with that index. */
  async client(port: TlibPort, applicationName: string, more: Partial<TlibClientOptions> & { readonly node?: number } = {}): Promise<TlibClient> {
    const { node = 0, ...options } = more;
    const host = port === 'VQ' ? this.plan.vq.host : this.plan.nodes[node % this.plan.nodes.length]!.host;
    const made = new TlibClient({ addresses: [{ host, port: PORT_NUMBERS[port] }], applicationName, reconnectDelayMs: 50, ...options });
    this.#clients.push(made);
    await made.connect();
    return made;
  }

  closeClients(): void {
    for (const client of this.#clients.splice(0)) client.close();
  }

  /** What the instances answer to an operators' command, by the console's HTTP port. */
  async ask(
    command: string, args: object = {}, instance?: string,
  ): Promise<readonly { readonly instance: string; readonly result: Record<string, unknown> }[]> {
    const response = await fetch(`http://${this.plan.console.host}:8080/api/v1/commands/${encodeURIComponent(command)}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ args, instance }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return (JSON.parse(text) as { answers: { instance: string; result: Record<string, unknown> }[] }).answers;
  }

  /** The halves of the only pair; undefined while there is not one primary that is ready and one backup, each holding everything. */
  async halves(): Promise<Halves | undefined> {
    const shown = (await this.ask('pair show')).filter(({ result }) => result?.['complete'] === true);
    const of = (role: string) => shown.filter(({ result }) => result['role'] === role);
    const [[primary, ...others], [backup]] = [of('primary'), of('backup')];
    if (primary?.result['ready'] !== true || backup === undefined || others.length > 0) return undefined;
    return { primary: String(primary.result['process']), backup: String(backup.result['process']), instance: primary.instance };
  }

  /** The bindings of an address of record, once all proxies know the same. */
  async bindings(aor: string): Promise<readonly Record<string, unknown>[]> {
    const untilMs = performance.now() + AGREE_MS;
    for (;;) {
      const tables = (await this.ask('registrations show', { aor })).map(({ result }) => result['bindings'] as Record<string, unknown>[]);
      const [first, ...others] = tables.map((table) => table.map(({ contact }) => contact).join());
      if (others.every((other) => other === first)) return tables[0] ?? [];
      if (performance.now() > untilMs) throw new Error(`the proxies disagree about ${aor}: ${JSON.stringify(tables)}`);
    }
  }

  async stop(): Promise<void> {
    this.closeClients();
    const runs = [...this.#processes.values()];
    for (const run of runs) run.signal('SIGTERM');
    await Promise.all(runs.map((run) => run.exited));
    await this.nats?.close();
  }
}

type Wishes = Omit<SwitchWishes, 'nodes' | 'natsServers'>;

/** @param wish what is wished, or how to say it of the first three bytes of the addresses */
export async function startSwitch(shape: SwitchShape, wish: Wishes | ((block: string) => Wishes) = {}): Promise<RunningSwitch> {
  const block = await loopbackBlock();
  const wishes = typeof wish === 'function' ? wish(block) : wish;
  if (shape === 'one process') {
    const plan = planSwitch(block, 1);
    return RunningSwitch.start(plan, [[{ app: 'cordboard', instance: undefined, type: 'cordboard' }]], switchYaml(plan, { nodes: 1, ...wishes }), undefined);
  }
  const nats = await startNats(findNatsServer() as string);
  const plan = planSwitch(block, 2);
  const waves = startOrder(plan, wishes.recorder !== undefined);
  return RunningSwitch.start(plan, waves, switchYaml(plan, { nodes: 2, natsServers: [nats.address], ...wishes }), nats);
}

/** One node as a pair, its halves two processes over NATS, behind two proxies; with `alone` a second node, that is none. */
export async function startPair(wishes: Omit<SwitchWishes, 'nodes' | 'natsServers' | 'pair'> = {}, alone = false): Promise<RunningSwitch> {
  const nats = await startNats(findNatsServer() as string);
  const plan = planSwitch(await loopbackBlock(), 2);
  const whole = (name: string): TierProcess => ({ app: 'cordboard', instance: name, type: 'cordboard' });
  const { name } = plan.nodes[0]!;
  const [, others = [], desks = []] = startOrder(plan, false);
  const second = alone ? [whole(plan.nodes[1]!.name)] : [];
  return RunningSwitch.start(plan, [[whole(name), ...second], [whole(`${name}b`)], others, desks], switchYaml(plan, {
    nodes: 2, natsServers: [nats.address], pair: true, ...wishes,
  }), nats);
}

interface TierProcess {
  readonly app: string;
  /** The application it runs; undefined = all. */
  readonly instance: string | undefined;
  /** What it says to be ready. */
  readonly type: string;
}

const keyOf = ({ app, instance }: TierProcess): string => (instance === undefined ? app : `${instance}/${app}`);

function startOrder(plan: SwitchPlan, recorded: boolean): TierProcess[][] {
  const nodes = (app: string): TierProcess[] => plan.nodes.map(({ name }) => ({ app, instance: name, type: 'sip-server' }));
  const one = (app: string, instance: string): TierProcess => ({ app, instance, type: app });
  return [
    [...nodes('t-controller'), ...nodes('session-controller'), ...nodes('smart-proxy')],
    [...plan.proxies.map(({ name }) => one('sip-proxy', name)), one('vq-server', plan.vq.name), one('dns-server', plan.dns.name)],
    [...(recorded ? [one('recorder', plan.recorder)] : []), one('router', plan.router), one('console', plan.console.name)],
  ];
}
