/** What every T-Library port of an application has in common: who it is, and whom it lets in (tlib-protocol §2, §5). */
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { ServerRole } from '#tlib';
import type { TlibServerOptions } from '#tlib/server';

const VERSION = '0.1.0';

/** One port: what it serves, and the `ClientRole`s that it takes. */
export interface TlibPortKind {
  readonly role: ServerRole;
  readonly clientRoles: TlibServerOptions['clientRoles'];
}

/** From the options `client-password`, `known-applications`, `session-backlog-time`, `session-backlog-size`, `max-clients`. */
export function tlibServerOptions(config: ClusterConfig, application: Application, { role, clientRoles }: TlibPortKind): TlibServerOptions {
  const options = new OptionLookup(config, application);
  const { name, geoLocation } = application;
  return {
    identity: { role, applicationName: name, switchName: config.switchName, geoLocation, node: name, version: VERSION },
    clientRoles,
    password: options.text('client-password'),
    knownApplications: options.list('known-applications'),
    backlog: { ms: options.number('session-backlog-time') * 1000, bytes: options.number('session-backlog-size') },
    maxClients: options.number('max-clients'),
  };
}
