/** Starts the smart proxy: its composition root. */
import { type StartTier, tlibServerOptions } from '#tier';
import { TlibServer } from '#tlib/server';
import { SmartProxyCore } from './smart-proxy-core.js';

export const startSmartProxy: StartTier = async (config, application, ports) => {
  const { name, host } = application;
  const wanted = application.ports.get('SmartProxy');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "SmartProxy": add it under ports`);
  const log = ports.log.with({ instance: `${name}/smart-proxy` });
  const core = new SmartProxyCore(config, application, { ...ports, log }, (event, sessions) =>
    server.fanOut(event, sessions));
  const server: TlibServer = new TlibServer({ ...ports, log }, tlibServerOptions(config, application, { role: 'SmartProxy', clientRoles: ['Standard'] }), {
    onRequest: (session, request) => core.request(session, request),
    onClosed: (session) => core.closed(session),
    info: () => core.info(),
  });
  const port = await server.listen(host, wanted);
  core.start();
  return {
    instance: core.instance,
    listening: [{ id: 'SmartProxy', transport: 'tcp', host, port }],
    admin: core.admin,
    ready: () => core.ready(),
    drain: async () => core.drain(),
    close: async () => {
      await server.close();
      core.close();
    },
  };
};
