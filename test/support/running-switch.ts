/** A running switch for end-to-end tests: in one process, or its tiers apart over a real nats-server. */
import type { TlibClientOptions } from '#tlib/client';
import { TlibClient } from '#tlib/client';
import { type ClusterRun, runCluster } from './cluster.js';
import { loopbackBlock } from './loopback.js';
import { findNatsServer, type NatsServer, startNats } from './nats.js';
import { planSwitch, type SwitchPlan, type SwitchWishes, switchYaml } from './switch.js';

export type SwitchShape = 'one process' | 'processes over NATS';

export type TlibPort = 'default' | 'TCport' | 'IPport' | 'SmartProxy' | 'VQ';

const PORT_NUMBERS: Readonly<Record<TlibPort, number>> = { default: 7000, TCport: 7001, IPport: 7002, SmartProxy: 7003, VQ: 7010 };

export class RunningSwitch {
  readonly #clients: TlibClient[] = [];

  constructor(
    readonly plan: SwitchPlan, readonly shape: SwitchShape, readonly processes: ReadonlyMap<string, ClusterRun>, private readonly nats: NatsServer | undefined,
  ) {}

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
  async ask(command: string, args: object = {}): Promise<readonly { readonly instance: string; readonly result: Record<string, unknown> }[]> {
    const response = await fetch(`http://${this.plan.console.host}:8080/api/v1/commands/${encodeURIComponent(command)}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ args }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return (JSON.parse(text) as { answers: { instance: string; result: Record<string, unknown> }[] }).answers;
  }

  async stop(): Promise<void> {
    this.closeClients();
    for (const run of this.processes.values()) run.signal('SIGTERM');
    await Promise.all([...this.processes.values()].map((run) => run.exited));
    await this.nats?.close();
  }
}

export async function startSwitch(shape: SwitchShape, wishes: Omit<SwitchWishes, 'nodes' | 'natsServers'> = {}): Promise<RunningSwitch> {
  const block = await loopbackBlock();
  if (shape === 'one process') {
    const plan = planSwitch(block, 1);
    const run = runCluster(switchYaml(plan, { nodes: 1, ...wishes }));
    await run.line('cordboard ready');
    return new RunningSwitch(plan, shape, new Map([['cordboard', run]]), undefined);
  }
  const nats = await startNats(findNatsServer() as string);
  const plan = planSwitch(block, 2);
  const yaml = switchYaml(plan, { nodes: 2, natsServers: [nats.address], ...wishes });
  const processes = new Map<string, ClusterRun>();
  for (const wave of startOrder(plan)) {
    const runs = wave.map(({ app, instance, type }) => {
      const run = runCluster(yaml, ['--app', instance], app);
      processes.set(`${instance}/${app}`, run);
      return run.line(`${type} ready`);
    });
    await Promise.all(runs);
  }
  return new RunningSwitch(plan, shape, processes, nats);
}

interface TierProcess {
  readonly app: string;
  readonly instance: string;
  readonly type: string;
}

/** Whoever is asked comes before whoever asks. */
function startOrder(plan: SwitchPlan): TierProcess[][] {
  const nodes = (app: string): TierProcess[] => plan.nodes.map(({ name }) => ({ app, instance: name, type: 'sip-server' }));
  const one = (app: string, instance: string): TierProcess => ({ app, instance, type: app });
  return [
    [...nodes('t-controller'), ...nodes('session-controller'), ...nodes('smart-proxy')],
    [...plan.proxies.map(({ name }) => one('sip-proxy', name)), one('vq-server', plan.vq.name), one('dns-server', plan.dns.name)],
    [one('router', plan.router), one('console', plan.console.name)],
  ];
}
