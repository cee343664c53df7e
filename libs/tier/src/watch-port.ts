/**
 * The port `http` of an application that is no console: what load balancers, health checks and Prometheus ask (OP-06). It tells and takes
 * nothing, so it wants no key; who may reach it is the network's business.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Application, processName } from '#config';
import type { Meter } from '#kernel';
import type { RunningTier, StartTier, TierPorts } from './tier.js';

/** What Prometheus can scrape; other meters show nothing. */
interface ReadableMeter extends Meter {
  text?(): Promise<string>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Whoever asks does so every few seconds over a connection or two. */
const CONNECTIONS_MAX = 64;
const IDLE_MS = 60_000;
const REQUEST_MS = 5_000;

/** In Prometheus' format; empty where the meter only counts. */
export async function metricsText(meter: ReadableMeter): Promise<string> {
  return await meter.text?.() ?? '';
}

/** Whether the application has such a port; a console answers the same paths on its own. */
export function hasWatchPort({ type, ports }: Application): boolean {
  return type !== 'console' && ports.has('http');
}

export const startWatchPort: StartTier = async (_config, application, ports): Promise<RunningTier> => {
  const name = processName(application);
  const server = createServer({ keepAliveTimeout: IDLE_MS, requestTimeout: REQUEST_MS }, (request, response) => {
    answer(request, response, ports).catch((error: unknown) => {
      ports.log.error('the http port could not answer', { path: request.url, error: String(error) });
      response.destroy();
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  const port = await listen(server, application, name);
  return {
    instance: `${name}/http`,
    listening: [{ id: 'http', transport: 'http', host: application.host, port }],
    admin: {},
    ready: () => true,
    drain: async () => {},
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
};

async function answer({ method, url = '/' }: IncomingMessage, response: ServerResponse, ports: TierPorts): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, { message: 'only GET is answered here' });
  switch (url.replace(/\?.*/, '')) {
    case '/healthz': return reply(response, 200, { ok: true });
    case '/readyz': {
      const ready = ports.processReady?.() ?? true;
      return reply(response, ready ? 200 : 503, { ready });
    }
    case '/metrics': {
      response.writeHead(200, { 'content-type': METRICS_TYPE }).end(await metricsText(ports.meter));
      return;
    }
    default: return reply(response, 404, { message: 'there are /healthz, /readyz and /metrics' });
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': JSON_TYPE }).end(JSON.stringify(body));
}

function listen(server: Server, { host, ports }: Application, name: string): Promise<number> {
  const wanted = ports.get('http') as number;
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Error(`${name} cannot listen on ${host} port ${wanted}: is another server running there?`, { cause }));
    });
    server.listen(wanted, host, () => resolve((server.address() as AddressInfo).port));
  });
}
