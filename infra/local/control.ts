/** HTTP control of a running topology, for drills: `POST /hold`, `/release` and `/restart` with `{ "name": ... }`. Loopback only. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Supervisor } from './supervisor.js';

const BODY_BYTES_MAX = 4_096;

export interface Control {
  readonly url: string;
  close(): void;
}

export async function openControl(supervisor: Supervisor): Promise<Control> {
  const server = createServer((request, response) => {
    void serve(supervisor, request).then((status) => [200, status] as const, (error: Error) => [400, { error: error.message }] as const)
      .then(([status, body]) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`));
  });
  const { port } = await listening(server);
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

async function serve(supervisor: Supervisor, request: IncomingMessage): Promise<object> {
  if (request.method === 'POST') {
    const { name, args = [] } = JSON.parse(await bodyOf(request)) as { name?: unknown; args?: unknown };
    if (typeof name !== 'string') throw new Error('needs the name of a process: {"name":"..."}');
    if (!Array.isArray(args) || args.some((arg) => typeof arg !== 'string')) throw new Error('args must be a list of texts');
    const verb = request.url?.slice(1);
    if (verb === 'hold') await supervisor.hold(name);
    else if (verb === 'release') await supervisor.release(name, args as string[]);
    else if (verb === 'restart') await supervisor.hold(name).then(() => supervisor.release(name));
    else throw new Error(`POST /${verb ?? ''}: must be /hold, /release or /restart`);
  }
  return { processes: supervisor.processes.map(({ plan, pid, restarts }) => ({ name: plan.name, pid, restarts })) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > BODY_BYTES_MAX) throw new Error('the body is too long');
  }
  return body;
}

function listening(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}
