import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { makeResponse, TransactionLayer } from '#sip';
import { SocketTransport } from '#sip/transport';

/** A user agent that answers OPTIONS, and refuses what else comes. */
export async function answerOptions(host: string, port: number): Promise<SocketTransport> {
  const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const transport = await SocketTransport.listen({ listen: [{ transport: 'udp', host, port }] }, ports);
  const layer = new TransactionLayer({ ...ports, transport });
  layer.onRequest = (request, transaction) => {
    const status = request.method === 'OPTIONS' ? 200 : 405;
    transaction.respond(makeResponse(request, status, undefined, { toTag: 'a1', headers: [['Allow', 'OPTIONS']] }));
  };
  return transport;
}
