/** How the API answers: changes that are not in force everywhere yet, and refusals. */
import { type ArgumentsHost, Catch, createParamDecorator, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import { KeyValueUnavailable } from '#cluster';
import { type Changed, Refused, type RefusedKind } from '#limits-store';
import { StoreUnavailable } from '#store';
import type { Principal } from '../access.js';

export interface Reply {
  status(code: number): Reply;
  setHeader(name: string, value: string): unknown;
  json(body: object): void;
}

/** Who asks; set by the check of access before any handler. */
export interface KnownRequest {
  principal: Principal;
}

export const Who = createParamDecorator((_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<KnownRequest>().principal);

/** The body, and the proxies that did not say in time that it is in force there: then with 202. */
export function answerChange<T extends object>(reply: Reply, { notInForce }: Changed<unknown>, body: T, status = 200): T & { notInForce?: readonly string[] } {
  reply.status(notInForce.length > 0 ? 202 : status);
  return notInForce.length > 0 ? { ...body, notInForce } : body;
}

const STATUS: Readonly<Record<RefusedKind, number>> = { invalid: 400, forbidden: 403, 'not-found': 404, conflict: 409, stale: 412 };

@Catch(Refused, KeyValueUnavailable, StoreUnavailable)
export class RefusalFilter implements ExceptionFilter {
  catch(error: Refused | KeyValueUnavailable | StoreUnavailable, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<Reply>();
    if (!(error instanceof Refused)) return reply.status(503).json({ message: `${error.message}; try again` });
    reply.status(STATUS[error.kind]).json({ message: error.message, errors: error.errors });
  }
}
