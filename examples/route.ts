/**
 * Serves Routing Point 5001 and offers each call to agents in turn: route.ts HOST PORT DN...
 *
 * Run it with Node 24 from the repository, after `npm run build`. Lost connections are resumed by the client.
 */
import { TlibClient, TlibRequestError } from '#tlib/client';

const [host = '127.0.0.1', port = '7000', ...agents] = process.argv.slice(2);
const client = new TlibClient({ addresses: [{ host, port: Number(port) }], applicationName: 'route.ts', addpTimeout: 10 });

await client.connect();
await client.serve('5001', async (call) => {
  for (const agent of agents) {
    try {
      await call.updateUserData({ OfferedTo: agent });
      await call.route(agent);
      return console.log(`${call.connID} -> ${agent}`);
    } catch (error) {
      if (call.gone.aborted || !(error instanceof TlibRequestError)) throw error;
      // Busy, out of service, no answer: the call still waits here.
      console.log(`${agent} ${error.reason}: ${error.message}`);
    }
  }
  return call.reject(480);
}, { onError: (error) => console.log(error.message) });
console.log('serving 5001');
