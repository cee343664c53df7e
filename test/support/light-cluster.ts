/** Two small data centres as local processes, by `infra/local`, on addresses of their own: for tests of drills. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../apps/drill/src/topology/start-cluster.js';
import { loopbackBlock } from './loopback.js';
import { numbersOf } from './switch.js';

/** From the working directory, since this file also runs from dist/. */
const MAIN = join(process.cwd(), 'dist/infra/local/main.js');

export interface LightCluster {
  readonly stateFile: string;
  /** First three bytes of the addresses of a data centre. Its proxies are at .11 and .12, its carrier at .90. */
  readonly blocks: { readonly dc1: string; readonly dc2: string };
  /** Folder of the servers' stores, one folder each. */
  readonly servers: string;
  /** URL of the Redis of call limits, the same for both data centres. */
  readonly limiter: string;
  stop(): Promise<void>;
}

export interface LightWishes {
  readonly phones: number;
  /** Each node is a pair. */
  readonly pairs?: boolean;
  /** Of the router: each takes new calls of a drill. */
  readonly agents?: number;
  /** Call limits are counted in one Redis, `redis-limits-dc1`, for both data centres; else in each process. */
  readonly limiter?: boolean;
  /** Routing Points, such as `5100-5199`, at which calls wait an hour for an agent. */
  readonly queues?: string;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

export async function startLightCluster(wishes: LightWishes): Promise<LightCluster> {
  const folder = mkdtempSync(`${tmpdir()}/cordboard-light-`);
  const config = `${folder}/switch.yaml`;
  const [one, other] = [await loopbackBlock(), await loopbackBlock()];
  const blocks = { dc1: one, dc2: other };
  writeFileSync(config, lightYaml(blocks, wishes));
  const stateFile = `${folder}/state/state.json`;
  const stop = await startCluster(MAIN, stateFile, config);
  return {
    stateFile, blocks, servers: `${folder}/state/servers`, limiter: limiterUrl(blocks),
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const limiterUrl = ({ dc1 }: { readonly dc1: string }): string => `redis://${dc1}.111:6379`;

const natsLine = ([dc, block]: [string, string]): string =>
  `    ${dc}: { servers: [${[101, 102, 103].map((n) => `"nats://${block}.${n}:4222"`).join(', ')}] }`;

function lightYaml(blocks: { readonly dc1: string; readonly dc2: string }, { phones, pairs = false, agents = 20, ...wishes }: LightWishes): string {
  const centre = (dc: 'dc1' | 'dc2', serverId: number): string[] => {
    const at = (n: number): string => `geo-location: ${dc}, host: ${blocks[dc]}.${n}`;
    return [
      `  SIPP_${dc}_1: { type: sip-proxy, ${at(11)}, ports: { sip: 5060 } }`,
      `  SIPP_${dc}_2: { type: sip-proxy, ${at(12)}, ports: { sip: 5060 } }`,
      `  SIPS_${dc}_1: { type: sip-server, server-id: ${serverId}, ${at(21)},`,
      '    ports: { sip: 5070, default: 7000, TCport: 7001, IPport: 7002, SmartProxy: 7003 } }',
      ...(pairs ? [`  SIPS_${dc}_1b: { backup-of: SIPS_${dc}_1, host: ${blocks[dc]}.22 }`] : []),
      `  VQ_${dc}_1: { type: vq-server, ${at(31)}, ports: { default: 7010 } }`,
      `  Router_${dc}_1: { type: router, ${at(33)}, routing-points: [5000], options: { skill: support } }`,
      ...(wishes.queues === undefined ? [] : [
        `  Router_${dc}_2: { type: router, ${at(34)}, routing-points: ${JSON.stringify(numbersOf(wishes.queues))},`,
        '    options: { skill: nobody, max-wait: 3600 } }',
      ]),
      `  DNS_${dc}_1: { type: dns-server, ${at(41)}, ports: { dns: 5300 } }`,
    ];
  };
  const options = {
    'default-route-point': 'reject=404', 'unknown-gateway-reject-code': 503, 'router-timeout': 10, 'after-routing-timeout': 18,
    'agent-no-answer-timeout': 12, 'agent-no-answer-action': 'notready', 'emulated-login-state': 'not_ready', 'logout-on-disconnect': true,
    'logout-on-out-of-service': true, 'wrap-up-time': 0, 'tc-reconnect-timeout': 5, 'oos-check': 1, 'oos-force': 1, ...wishes.options,
  };
  const limiter = { driver: 'redis', 'data-centres': { dc1: limiterUrl(blocks), dc2: limiterUrl(blocks) } };
  return [
    'switch:', '  name: Light', '  access-point: sip.cordboard.test', '  external-contact: phones.cordboard.test', '  options:',
    ...Object.entries(options).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`),
    'bus:', '  driver: nats', '  data-centres:', ...Object.entries(blocks).map(natsLine),
    ...(wishes.limiter === true ? ['stores:', `  limiter: ${JSON.stringify(limiter)}`] : []),
    'applications:', ...centre('dc1', 1), ...centre('dc2', 2),
    `  Console_dc1_1: { type: console, geo-location: dc1, host: ${blocks.dc1}.51, ports: { http: 8080 } }`,
    'dns:',
    `  - { numbers: 20000-${20_000 + phones - 1}, type: Extension, options: { contact: "*", password: "secret-\${number}", sip-cti-control: "talk,hold" } }`,
    '  - { numbers: 5000-5005, type: RoutingPoint }',
    ...(wishes.queues === undefined ? [] : [`  - { numbers: ${wishes.queues}, type: RoutingPoint, options: { router-timeout: 0 } }`]),
    ...Object.entries(blocks).map(([dc, block]) =>
      `  - { number: Trunk_${dc}, type: Trunk, options: { geo-location: ${dc}, contact: "sip:${block}.90:5090", prefix: "+,0", oos-check: 0 } }`),
    'persons:', `  - { employees: agent1001-agent${1_000 + agents}, skills: { support: 1 } }`, '',
  ].join('\n');
}
