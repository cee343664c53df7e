/** Starts the built-in router from the cluster's configuration. */
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup, portAddresses } from '#config';
import type { Heartbeat } from '#telephony';
import type { RunningTier, TierPorts } from '#tier';
import { type TlibAddress, TlibClient } from '#tlib/client';
import { Router } from './router.js';

export async function startRouter(config: ClusterConfig, application: Application, ports: TierPorts): Promise<RunningTier> {
  const { name, geoLocation, routingPoints } = application;
  const options = new OptionLookup(config, application);
  const skill = options.text('skill');
  const log = ports.log.with({ subsystem: 'router', instance: name });
  const local = config.applications.filter((other) => other.geoLocation === geoLocation);
  const servers = local.map((server) => ({ name: server.name, addresses: addressesOf(server, 'sip-server', 'default') }))
    .filter(({ addresses }) => addresses.length > 0);
  const router = new Router({
    routingPoints,
    agentDNs: [...config.dns.values()].filter((dn) => dn.type === 'Extension').map((dn) => dn.number),
    virtualQueue: options.text('virtual-queue'),
    priority: options.number('reservation-priority'),
    maxWaitMs: options.number('max-wait') * 1000,
    hasSkill: (agentID) => (config.persons.get(agentID)?.skills.get(skill) ?? 0) > 0,
    servers,
    smartProxy: first(local, 'sip-server', 'SmartProxy'),
    vqServer: first(local, 'vq-server', 'default'),
  }, {
    clock: ports.clock, log,
    makeClient: (addresses, requestTimeoutMs) => new TlibClient({
      addresses, applicationName: name, password: options.text('client-password'), addpTimeout: 7, requestTimeoutMs, keepTrying: true,
    }),
  });
  await router.start();
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>({ ...ports, log }, () => ({
    instance: name, node: name, tier: 'router', dataCentre: geoLocation, role: 'primary', bootEpoch, draining: false, load: router.waiting,
  }));
  membership.start();
  return {
    instance: name,
    listening: [],
    admin: { 'router show': () => ({ routingPoints, skill, ...router.state() }) },
    ready: () => true,
    drain: async () => {},
    close: async () => {
      membership.close();
      router.close();
    },
  };
}

function addressesOf(application: Application, type: Application['type'], port: string): readonly TlibAddress[] {
  return application.type === type ? portAddresses(application, port) : [];
}

const first = (applications: readonly Application[], type: Application['type'], port: string): readonly TlibAddress[] =>
  applications.map((application) => addressesOf(application, type, port)).find((addresses) => addresses.length > 0) ?? [];
