/** Who may speak to the console, and as whom. Loopback needs no key unless there are some; anything wider does. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '#config';

export interface HttpRequestView {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Who asks. */
export type Principal = Pick<ApiKey, 'name' | 'role' | 'divisions'>;

export interface AccessRules {
  /** The option: an admin of all divisions. Empty: none. */
  readonly apiKey: string;
  readonly apiKeys: readonly ApiKey[];
}

export interface AccessRefusal {
  readonly status: 401 | 403;
  readonly message: string;
}

const LOCAL: Principal = { name: 'local', role: 'admin' };
const OWNER: Principal = { name: 'api-key', role: 'admin' };
const READS = ['GET', 'HEAD'];
/** About this process alone. Named one by one: the router takes `/API/` for `/api/`. */
const OPEN = ['/healthz', '/readyz', '/metrics'];

/** Answers who asks, or the status and a sentence. */
export function checkAccess(request: HttpRequestView, rules: AccessRules): Principal | AccessRefusal {
  if (OPEN.includes(request.path)) return LOCAL;
  // A page that a browser has open somewhere must not command the cluster behind its user's back.
  if (request.headers['origin'] !== undefined) return { status: 403, message: 'requests from web pages are not accepted' };
  const principal = principalOf(request.headers['authorization'], rules);
  if (principal === undefined) return { status: 401, message: 'send an api-key of the console as "Authorization: Bearer <key>"' };
  return refusalOf(request, principal) ?? principal;
}

export const isRefusal = (answer: Principal | AccessRefusal): answer is AccessRefusal => 'status' in answer;

/** What the call limits do not decide by themselves. */
function refusalOf({ path, method = 'GET' }: HttpRequestView, { name, role, divisions }: Principal): AccessRefusal | undefined {
  if (role === 'viewer' && !READS.includes(method)) return { status: 403, message: `${name} may read only; ask with the key of an admin` };
  // Only the call limits know divisions: calls, agents and commands are those of the whole switch.
  const isLimits = /^\/api\/v1\/(limits(\/|$)|openapi\.json$)/.test(path);
  if (divisions !== undefined && !isLimits) return { status: 403, message: `${name} is of some divisions, and this is about all of them` };
  return undefined;
}

function principalOf(header: string | string[] | undefined, { apiKey, apiKeys }: AccessRules): Principal | undefined {
  if (apiKey === '' && apiKeys.length === 0) return LOCAL;
  if (typeof header !== 'string') return undefined;
  const given = digestOf(header.replace(/^Bearer\s+/i, ''));
  // All are compared: how long that takes says nothing.
  const found = apiKeys.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), given))[0];
  if (found !== undefined) return found;
  return apiKey !== '' && timingSafeEqual(digestOf(apiKey), given) ? OWNER : undefined;
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
