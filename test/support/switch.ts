/** The laptop's switch on loopback addresses of its own: one node in one process, or two nodes whose tiers run apart. */

export interface SwitchNode {
  readonly name: string;
  readonly host: string;
}

export interface SwitchPlan {
  readonly block: string;
  readonly accessPoint: string;
  readonly proxies: readonly SwitchNode[];
  readonly nodes: readonly SwitchNode[];
  readonly vq: SwitchNode;
  readonly dns: SwitchNode;
  readonly console: SwitchNode;
  readonly router: string;
  readonly recorder: string;
  /** Where the trunk expects the carrier, port 5090. */
  readonly carrier: string;
  /** Free for phones. */
  readonly phones: string;
}

/** A node that keeps the history, instead of a file. */
export interface CassandraWish {
  readonly node: string;
  readonly keyspace: string;
}

export interface SwitchWishes {
  /** Nodes, and as many proxies. */
  readonly nodes: 1 | 2;
  readonly natsServers?: readonly string[];
  /** The first node has a backup, `SIPS_dc1_1b` at address `.61`. */
  readonly pair?: boolean;
  /** URL of the Redis that keeps the proxies' bindings. */
  readonly redis?: string;
  /** URL of the Redis in which call limits are counted, instead of the process. */
  readonly limiter?: string;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** Options of Routing Points by number. */
  readonly points?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** PEM files of the proxies, absolute: they then take TLS at 5061. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** A recorder, and where its files are: they outlive its process. */
  readonly recorder?: { readonly stateDirectory: string; readonly cassandra?: CassandraWish };
  /** Routing Points beside the laptop's, such as `5100-5199`; calls then wait an hour for an agent. */
  readonly queues?: string;
  /** Extensions beside the laptop's that have agents and phones, such as `72000-72569`. */
  readonly seats?: string;
  /** Extensions beside the laptop's, by number, with their options. */
  readonly extensions?: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;
}

const ACCESS_POINT = 'sip.cordboard.test';

export function planSwitch(block: string, nodes: 1 | 2): SwitchPlan {
  const of = (kind: string, from: number): SwitchNode[] =>
    Array.from({ length: nodes }, (_, i) => ({ name: `${kind}_dc1_${i + 1}`, host: `${block}.${from + i}` }));
  return {
    block, accessPoint: ACCESS_POINT, proxies: of('SIPP', 11), nodes: of('SIPS', 21),
    vq: { name: 'VQ_dc1_1', host: `${block}.31` }, dns: { name: 'DNS_dc1_1', host: `${block}.41` },
    console: { name: 'Console_dc1_1', host: `${block}.51` }, router: 'Router_dc1_1', recorder: 'Recorder_dc1_1', carrier: `${block}.90`, phones: `${block}.71`,
  };
}

/** A configuration file for the plan. */
export function switchYaml(plan: SwitchPlan, wishes: SwitchWishes): string {
  const options = {
    'dn-owner-applications': 'GWS, Cordboard', 'default-route-point': 'reject=404', 'unknown-gateway-reject-code': 503,
    'router-timeout': 10, 'after-routing-timeout': 18, 'agent-no-answer-timeout': 12, 'agent-no-answer-action': 'notready',
    'extn-no-answer-timeout': 12, 'set-notready-on-busy': true, 'emulated-login-state': 'not_ready', 'logout-on-disconnect': true,
    'logout-on-out-of-service': true, 'wrap-up-time': 0, ...wishes.options,
  };
  const points = Array.from({ length: 10 }, (_, i) => String(5000 + i));
  return [
    'switch:', '  name: Cordboard', `  access-point: ${plan.accessPoint}`, '  external-contact: phones.cordboard.test', '  options:', ...map(options, 4),
    'bus:', ...busLines(wishes.natsServers),
    'stores:', ...storesLines(wishes),
    'applications:',
    ...plan.proxies.flatMap(({ name, host }) =>
      application(name, host, 'sip-proxy', wishes.tls === undefined ? '{ sip: 5060 }' : '{ sip: 5060, sips: 5061 }',
        [`options: { oos-check: 1, oos-force: 1, registrar-default-timeout: 140${tlsOptions(wishes.tls)} }`])),
    ...plan.nodes.flatMap(({ name, host }, i) =>
      application(name, host, 'sip-server', '{ sip: 5070, default: 7000, TCport: 7001, IPport: 7002, SmartProxy: 7003 }', [`server-id: ${i + 1}`])),
    ...(wishes.pair === true ? [`  ${plan.nodes[0]!.name}b:`, `    backup-of: ${plan.nodes[0]!.name}`, `    host: ${backupHost(plan)}`] : []),
    ...application(plan.vq.name, plan.vq.host, 'vq-server', '{ default: 7010 }', ['options: { request-collection-time: 300 msec }']),
    ...application(plan.router, plan.vq.host, 'router', '{}',
      [`routing-points: ${JSON.stringify(['5000', ...numbersOf(wishes.queues)])}`,
        `options: { skill: support, virtual-queue: VQ_Support, max-wait: ${wishes.queues === undefined ? 5 : 3_600} }`]),
    ...(wishes.recorder === undefined ? [] : application(plan.recorder, plan.vq.host, 'recorder', '{}',
      [`options: { state-directory: ${JSON.stringify(wishes.recorder.stateDirectory)}, adata-spec: "customer" }`])),
    ...application(plan.dns.name, plan.dns.host, 'dns-server', '{ dns: 5300 }', []),
    ...application(plan.console.name, plan.console.host, 'console', '{ http: 8080 }', []),
    'dns:',
    '  - { numbers: 7001-7050, type: Extension, options: { contact: "*", password: "secret-${number}", sip-cti-control: "talk,hold" } }',
    ...(wishes.seats === undefined ? [] : [`  - { numbers: ${wishes.seats}, type: Extension, options: { contact: "*", password: "secret-\${number}" } }`]),
    `  - { numbers: 7101-7110, type: Extension, options: { contact: "sip:\${number}@${plan.carrier}:5090" } }`,
    ...Object.entries(wishes.extensions ?? {}).map(([number, more]) => `  - { number: ${number}, type: Extension, options: ${JSON.stringify(more)} }`),
    ...points.map((number) => `  - { number: ${number}, type: RoutingPoint, options: ${JSON.stringify(wishes.points?.[number] ?? {})} }`),
    ...(wishes.queues === undefined ? [] : [`  - { numbers: ${wishes.queues}, type: RoutingPoint, options: { router-timeout: 0 } }`]),
    '  - { number: VQ_Support, type: VirtualQueue }',
    `  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:${plan.carrier}:5090", prefix: "+,0,1,8,9", priority: 1, oos-check: 10, oos-force: 2 } }`,
    'persons:', '  - { employees: agent7001-agent7050, skills: { support: 1 } }',
    ...(wishes.seats === undefined ? [] : [`  - { employees: ${wishes.seats.replaceAll(/\d+/g, 'agent$&')} }`]), '',
  ].join('\n');
}

/** Of a range such as `5100-5199`. */
export function numbersOf(range: string | undefined): string[] {
  const [from = 0, to = from] = (range ?? '').split('-').map(Number);
  return range === undefined ? [] : Array.from({ length: to - from + 1 }, (_, n) => String(from + n));
}

/** Where the other half of the first node listens. */
export const backupHost = ({ block }: SwitchPlan): string => `${block}.61`;

const map = (options: Readonly<Record<string, string | number | boolean>>, indent: number): string[] =>
  Object.entries(options).map(([name, value]) => `${' '.repeat(indent)}${name}: ${JSON.stringify(value)}`);

const tlsOptions = (tls: SwitchWishes['tls']): string =>
  (tls === undefined ? '' : `, certificate: ${JSON.stringify(tls.certificate)}, certificate-key: ${JSON.stringify(tls.key)}`);

const busLines = (servers: readonly string[] | undefined): string[] =>
  (servers === undefined ? ['  driver: memory'] : ['  driver: nats', `  servers: ${JSON.stringify(servers.map((server) => `nats://${server}`))}`]);

function storesLines({ redis, limiter, recorder }: SwitchWishes): string[] {
  const { node, keyspace } = recorder?.cassandra ?? {};
  return [
    `  location: ${JSON.stringify(redis === undefined ? { driver: 'memory' } : { driver: 'redis', 'data-centres': { dc1: redis } })}`,
    ...(limiter === undefined ? [] : [`  limiter: ${JSON.stringify({ driver: 'redis', 'data-centres': { dc1: limiter } })}`]),
    ...(node === undefined ? [] : [`  history: ${JSON.stringify({ driver: 'cassandra', keyspace, 'data-centres': { dc1: { 'contact-points': [node] } } })}`]),
  ];
}

function application(name: string, host: string, type: string, ports: string, more: readonly string[]): string[] {
  return [`  ${name}:`, `    type: ${type}`, '    geo-location: dc1', `    host: ${host}`, `    ports: ${ports}`, ...more.map((line) => `    ${line}`)];
}
