/** Starts the smart proxy: its composition root. */
import { OptionLookup } from '#config';
import type { StartTier } from '#tier';
import { TlibServer } from '#tlib/server';
import { SmartProxyCore } from './smart-proxy-core.js';

const VERSION = '1';

export const startSmartProxy: StartTier = async (config, application, ports) => {
  const { name, host, geoLocation } = application;
  const wanted = application.ports.get('SmartProxy');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "SmartProxy": add it under ports`);
  const options = new OptionLookup(config, application);
  const log = ports.log.with({ instance: `${name}/smart-proxy` });
  const core = new SmartProxyCore(config, application, { ...ports, log }, (event, sessions) =>
    server.fanOut(event, sessions));
  const server: TlibServer = new TlibServer({ ...ports, log }, {
    identity: { role: 'SmartProxy', applicationName: name, switchName: config.switchName, geoLocation, node: name, version: VERSION },
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
    listening: [{ id: 'SmartProxy', transport: 'tcp', host, port }],
    admin: {},
    ready: () => core.ready(),
    drain: async () => core.drain(),
    close: async () => {
      await server.close();
      core.close();
    },
  };
};
