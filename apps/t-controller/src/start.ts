/** Starts the T-Controller: its composition root. */
import { OptionLookup } from '#config';
import type { StartTier } from '#tier';
import { TlibServer } from '#tlib/server';
import { TControllerCore } from './t-controller-core.js';

const VERSION = '1';

export const startTController: StartTier = async (config, application, ports) => {
  const { name, host, geoLocation } = application;
  const wanted = application.ports.get('TCport');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "TCport": add it under ports`);
  const options = new OptionLookup(config, application);
  const log = ports.log.with({ instance: `${name}/t-controller` });
  const core = new TControllerCore(config, application, { ...ports, log }, (event, sessions, requester, referenceID) =>
    server.fanOut(event, sessions, requester, referenceID));
  const server: TlibServer = new TlibServer({ ...ports, log }, {
    identity: { role: 'TController', applicationName: name, switchName: config.switchName, geoLocation, node: name, version: VERSION },
    clientRoles: ['Standard'],
    password: options.text('client-password'),
    knownApplications: options.list('known-applications'),
    backlog: { ms: options.number('session-backlog-time') * 1000, bytes: options.number('session-backlog-size') },
    maxClients: options.number('max-clients'),
  }, {
    onRequest: (session, request) => core.request(session, request),
    onClosed: (session) => core.closed(session),
  });
  const port = await server.listen(host, wanted);
  core.start();
  return {
    instance: core.instance,
    listening: [{ id: 'TCport', transport: 'tcp', host, port }],
    admin: core.admin,
    ready: () => core.ready(),
    drain: async () => core.drain(),
    close: async () => {
      await server.close();
      core.close();
    },
  };
};
