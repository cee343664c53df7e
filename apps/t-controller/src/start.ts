/** Starts the T-Controller: its composition root. */
import { type StartTier, tlibServerOptions } from '#tier';
import { TlibServer } from '#tlib/server';
import { TControllerCore } from './t-controller-core.js';

export const startTController: StartTier = async (config, application, ports) => {
  const { name, host } = application;
  const wanted = application.ports.get('TCport');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "TCport": add it under ports`);
  const log = ports.log.with({ instance: `${name}/t-controller` });
  const limiter = await ports.stores?.limiter(application.geoLocation);
  const core = new TControllerCore(config, application, { ...ports, log, limiter }, (event, sessions, requester, referenceID) =>
    server.fanOut(event, sessions, requester, referenceID));
  const options = tlibServerOptions(config, application, { role: 'TController', clientRoles: ['Standard', 'Smart'] });
  const server: TlibServer = new TlibServer({ ...ports, log }, options, {
    onRequest: (session, request) => core.request(session, request),
    onLost: (session) => core.lost(session),
    onResumed: (session) => core.resumed(session),
    onClosed: (session) => core.closed(session),
    info: () => core.info(),
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
      // The other half of a pair goes on with the agents; a node of its own takes them along.
      if (ports.pair !== undefined) core.close();
      await server.close();
      core.close();
      await limiter?.close();
    },
  };
};
