/** T-Controllers of two data centres over their real NATS servers, with a line between the two that can be slowed. */
import { openNats } from '#cluster/nats';
import { busPlace, type ClusterConfig, parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { RunningTier } from '#tier';
import { startTController } from '../../apps/t-controller/src/start.js';
import { type NatsSites, startNatsSites } from '../../test/support/nats-sites.js';

export type NatsDrivers = Awaited<ReturnType<typeof openNats>>;

export interface Site {
  readonly node: string;
  readonly tier: RunningTier;
  readonly drivers: NatsDrivers;
  /** TCport. */
  readonly address: { readonly host: string; readonly port: number };
}

export interface TwoDataCentres {
  /** Two nodes in dc1, one in dc2. */
  readonly sites: readonly [Site, Site, Site];
  /** Of each message on the line, one way. */
  delay(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const FIRST_DN = 7001;
export const DNS = 200;

const clock = new SystemClock();
const shared = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };

export async function startTwoDataCentres(natsFile: string): Promise<TwoDataCentres> {
  const nats = await startNatsSites(natsFile);
  const config = configOf(nats);
  const sites = await Promise.all(config.applications.map((_, at) => startSite(config, at)));
  return {
    sites: sites as unknown as TwoDataCentres['sites'],
    delay: async (ms) => void await nats.relay.change({ delayMs: ms }),
    close: async () => {
      for (const { tier, drivers } of sites) {
        await tier.close();
        await drivers.keyValues.close();
        await drivers.bus.close();
      }
      await nats.close();
    },
  };
}

function configOf(nats: NatsSites): ClusterConfig {
  const servers = (dataCentre: string): string => nats.addresses(dataCentre).map((address) => `"nats://${address}"`).join(', ');
  return parseConfig(`
switch: { name: Bench, access-point: sip.bench.test, external-contact: phones.bench.test, options: { emulated-login-state: not_ready } }
bus: { driver: nats, data-centres: { dc1: { servers: [${servers('dc1')}] }, dc2: { servers: [${servers('dc2')}] } } }
applications:
  N1: { type: sip-server, server-id: 1, geo-location: dc1, ports: { sip: 0, TCport: 0 } }
  N2: { type: sip-server, server-id: 2, geo-location: dc1, ports: { sip: 0, TCport: 0 } }
  N3: { type: sip-server, server-id: 3, geo-location: dc2, ports: { sip: 0, TCport: 0 } }
dns:
  - { numbers: ${FIRST_DN}-${FIRST_DN + DNS - 1}, type: Extension, options: { contact: "*" } }
persons:
  - { employees: agent${FIRST_DN}-agent${FIRST_DN + DNS - 1} }
`, 'bench.yaml').config;
}

async function startSite(config: ClusterConfig, at: number): Promise<Site> {
  const application = config.applications[at]!;
  const drivers = await openNats({ ...busPlace(config.bus, application.geoLocation), ...shared } as Parameters<typeof openNats>[0]);
  const tier = await startTController(config, application, { ...shared, bus: drivers.bus, keyValues: drivers.keyValues });
  const { host, port } = tier.listening[0]!;
  return { node: application.name, tier, drivers, address: { host, port } };
}

export const now = (): number => performance.now();
