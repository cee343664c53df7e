/** The switch that is simulated: in each data centre proxies, nodes of three tiers each, a virtual-queue server and a router; one trunk. */
import { type Application, type ClusterConfig, parseConfig } from '#config';
import type { Target } from '#sip';

export const ACCESS_POINT = 'sip.sim.test';
export const CARRIER: Target = { transport: 'udp', host: '10.0.9.1', port: 5090 };
/** Served by the router, and by nobody. */
export const SERVED_POINT = '5000';
export const UNSERVED_POINT = '5001';
export const AGENTS_MAX = 8;

export interface SwitchShape {
  /** Of all data centres together: equal parts of them are in each. */
  readonly proxies: number;
  readonly nodes: number;
  /** Default: 1. */
  readonly dataCentres?: number;
}

/** Applications are numbered through the data centres. */
export const centreOf = (n: number, count: number, dataCentres = 1): number => Math.ceil((n * dataCentres) / count);

const extensions = `
  - numbers: 7001-7008
    type: Extension
    options: { contact: "*", password: "secret-\${number}", sip-cti-control: "talk,hold" }`;

const placeOf = (dataCentre: number): string => `geo-location: dc${dataCentre}`;

const source = ({ proxies, nodes, dataCentres = 1 }: SwitchShape): string => `
switch:
  name: Simulated
  access-point: ${ACCESS_POINT}
  external-contact: phones.sim.test
  options:
    default-route-point: reject=404
    unknown-gateway-reject-code: 503
    router-timeout: 10
    after-routing-timeout: 18
    agent-no-answer-timeout: 12
    agent-no-answer-action: notready
    extn-no-answer-timeout: 12
    set-notready-on-busy: true
    emulated-login-state: not_ready
    logout-on-disconnect: true
    logout-on-disconnect-delay: 5
    logout-on-out-of-service: true
    wrap-up-time: 0
    registrar-default-timeout: 60
applications:
${range(proxies).map((n) => `  P${n}: { type: sip-proxy, ${placeOf(centreOf(n, proxies, dataCentres))}, host: 10.0.1.${n}, ports: { sip: 5060 } }`).join('\n')}
${range(nodes).map((n) => `  N${n}:
    { type: sip-server, server-id: ${n}, ${placeOf(centreOf(n, nodes, dataCentres))}, host: 10.0.1.${10 + n},
      ports: { sip: 5060, default: 7000, TCport: 7001, IPport: 7002, SmartProxy: 7003 } }`).join('\n')}
${range(dataCentres).map((n) => `  V${n}:
    { type: vq-server, ${placeOf(n)}, host: 10.0.1.${20 + n}, ports: { default: 7010 }, options: { request-collection-time: 100 msec } }
  R${n}:
    { type: router, ${placeOf(n)}, host: 10.0.1.${30 + n}, routing-points: [${SERVED_POINT}],
      options: { virtual-queue: VQ_Support, max-wait: 60 } }`).join('\n')}
dns:${extensions}
  - { numbers: 5000-5001, type: RoutingPoint }
  - { number: VQ_Support, type: VirtualQueue }
  - { number: Trunk_SBC, type: Trunk, options: { contact: "sip:${CARRIER.host}:${CARRIER.port}", prefix: "+,0", priority: 1, oos-check: 10, oos-force: 2 } }
persons:
  - { employees: agent7001-agent7008, skills: { support: 1 } }
`;

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** Parsed once for each shape: thousands of worlds use it. */
const parsed = new Map<string, ClusterConfig>();

export function switchOf(shape: SwitchShape): ClusterConfig {
  const key = `${shape.proxies} ${shape.nodes} ${shape.dataCentres ?? 1}`;
  let config = parsed.get(key);
  if (config === undefined) parsed.set(key, config = parseConfig(source(shape), 'simulated.yaml').config);
  return config;
}

export function applicationOf(config: ClusterConfig, name: string): Application {
  const application = config.applications.find((each) => each.name === name);
  if (application === undefined) throw new Error(`the simulated switch has no application ${name}`);
  return application;
}

export const passwordOf = (dn: string): string => `secret-${dn}`;
export const agentOf = (dn: string): string => `agent${dn}`;
export const dnOf = (index: number): string => String(7001 + index);
