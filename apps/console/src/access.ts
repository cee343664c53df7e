/** Who may speak to the console. Loopback needs no key; anything wider does. */
import { timingSafeEqual } from 'node:crypto';

export interface HttpRequestView {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Answers undefined when the request may pass, else the status and a sentence. */
export function checkAccess(request: HttpRequestView, apiKey: string): { status: number; message: string } | undefined {
  if (!request.path.startsWith('/api/')) return undefined;
  // A page that a browser has open somewhere must not command the cluster behind its user's back.
  if (request.headers['origin'] !== undefined) return { status: 403, message: 'requests from web pages are not accepted' };
  if (apiKey === '' || bearerIs(request.headers['authorization'], apiKey)) return undefined;
  return { status: 401, message: 'send the console\'s api-key as "Authorization: Bearer <key>"' };
}

function bearerIs(header: string | string[] | undefined, apiKey: string): boolean {
  if (typeof header !== 'string') return false;
  const given = Buffer.from(header.replace(/^Bearer\s+/i, ''));
  const wanted = Buffer.from(apiKey);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
