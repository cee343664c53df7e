/** Whom a recorder listens to: the servers that it is configured for, or those of its data centre (HR-03). */
import { type Application, type ClusterConfig, OptionLookup, portAddresses } from '#config';
import type { SourcePlan } from './source.js';

/** @throws Error naming what `sources` names and the configuration has not */
export function planSources(config: ClusterConfig, recorder: Application): SourcePlan[] {
  const named = new OptionLookup(config, recorder).list('sources');
  const servers = config.applications.filter(({ type }) => type === 'sip-server' || type === 'vq-server');
  const unknown = named.find((name) => !servers.some((server) => server.name === name));
  if (unknown !== undefined) {
    throw new Error(`${recorder.name}: sources names ${unknown}, which is no sip-server or vq-server; there are ${servers.map(({ name }) => name).join(', ')}`);
  }
  const chosen = servers.filter(({ name, geoLocation }) => (named.length > 0 ? named.includes(name) : geoLocation === recorder.geoLocation));
  return chosen.flatMap((server) => (server.type === 'vq-server' ? queueSource(config, server) : nodeSources(server)));
}

function nodeSources(server: Application): SourcePlan[] {
  const source = (port: string, kind: 'calls' | 'agents'): SourcePlan[] =>
    (server.ports.has(port) ? [{ name: `${server.name}/${port}`, kind, addresses: portAddresses(server, port), queues: [] }] : []);
  return [...source('IPport', 'calls'), ...source('TCport', 'agents')];
}

function queueSource(config: ClusterConfig, server: Application): SourcePlan[] {
  const queues = [...config.dns.values()].filter(({ type }) => type === 'VirtualQueue').map(({ number }) => number);
  return [{ name: `${server.name}/default`, kind: 'queue', addresses: portAddresses(server, 'default'), queues }];
}
