/** Starts the tier: the composition root of the DNS server. */
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { Heartbeat } from '#telephony';
import type { Listening, RunningTier, TierPorts } from '#tier';
import { TcpListener } from './adapters/tcp-listener.js';
import { UdpListener } from './adapters/udp-listener.js';
import { checkProvisioning } from './machines/provisioning-check.js';
import { readViews, viewOf } from './machines/views.js';
import { NameServer } from './services/name-server.js';
import { ZoneKeeper } from './services/zone-keeper.js';

export async function startDnsServer(
  config: ClusterConfig, application: Application, ports: TierPorts,
): Promise<RunningTier> {
  const log = ports.log.with({ instance: application.name });
  for (const problem of checkProvisioning(config)) log.warn(problem);
  const options = new OptionLookup(config, application);
  const views = readViews(options.list('dns-views'), [...new Set(config.applications.map(({ geoLocation }) => geoLocation))]);
  let draining = false;
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>({ ...ports, log }, () => ({
    instance: application.name, node: application.name, tier: 'dns-server', dataCentre: application.geoLocation,
    role: 'primary', bootEpoch, draining, load: 0,
  }));
  const keeper = new ZoneKeeper(config, application.geoLocation, { membership, clock: ports.clock, log });
  const server = new NameServer({
    zonesFor: (sourceAddress) => keeper.zones(viewOf(views, sourceAddress, application.geoLocation)),
  }, ports, options.number('dns-rate-limit'));
  const sockets = await listen(server, application);
  keeper.start();
  membership.start();
  return {
    instance: application.name,
    listening: sockets.listening,
    admin: {
      'dns records': ({ view }) => {
        const zones = keeper.zones(typeof view === 'string' ? view : undefined);
        return { zones: zones.map(({ apex, names }) => ({ apex, records: [...names.values()].flat() })) };
      },
      'dns lint': () => ({ problems: checkProvisioning(config) }),
    },
    ready: () => !draining,
    drain: async () => {
      draining = true;
      membership.announce();
    },
    close: async () => {
      membership.close();
      await sockets.close();
    },
  };
}

interface Sockets {
  readonly listening: readonly Listening[];
  close(): Promise<void>;
}

/** UDP and TCP on the same port; with port 0 the system picks one that both can have. */
async function listen(server: NameServer, application: Application): Promise<Sockets> {
  const { host } = application;
  const wanted = application.ports.get('dns');
  if (wanted === undefined) throw new Error(`application '${application.name}' needs a port 'dns': add it under ports`);
  const handle = server.handle.bind(server);
  const tcp = new TcpListener(handle);
  const udp = new UdpListener(handle, host);
  try {
    const port = await tcp.listen(host, wanted);
    await udp.listen(host, port);
    const listening: Listening[] = [{ id: 'dns', transport: 'udp', host, port }, { id: 'dns', transport: 'tcp', host, port }];
    return { listening, close: async () => void await Promise.all([udp.close(), tcp.close()]) };
  } catch (cause) {
    await Promise.all([udp.close(), tcp.close()]);
    throw new Error(`'${application.name}' cannot serve DNS on ${host} port ${wanted}: is another server running there?`, { cause });
  }
}
