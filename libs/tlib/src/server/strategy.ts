/** T-Library as a NestJS transport: a method per request, named by `@TRequest` (architecture §4). */
import { type CustomTransportStrategy, MessagePattern, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import type { TEvent, TMessage } from '../message.js';
import { TError } from '../messages/error-codes.js';
import type { TlibSession } from './session.js';
import { TlibError } from './tlib-error.js';
import { TlibServer, type TlibServerEvents, type TlibServerOptions, type TlibServerPorts } from './tlib-server.js';

/** What a handler gets beside the request: `@Ctx() client: TlibClientContext`. */
export interface TlibClientContext {
  readonly session: TlibSession;
}

/** Handles these requests. Return nothing, the answering event, or a promise of one; throw {@link TlibError} to refuse. */
export const TRequest = (...msgs: string[]): MethodDecorator => MessagePattern(msgs);

export interface TlibListen {
  readonly host: string;
  readonly port: number;
}

export class TlibStrategy extends Server implements CustomTransportStrategy {
  readonly server: TlibServer;
  /** The port that was opened. */
  port = 0;

  constructor(
    private readonly ports: TlibServerPorts, options: TlibServerOptions, private readonly at: TlibListen,
    lifecycle: Omit<TlibServerEvents, 'onRequest'> = {},
  ) {
    super();
    this.server = new TlibServer(ports, options, {
      ...lifecycle,
      onRequest: (session, request) => this.#handle(session, request),
    });
  }

  listen(callback: (error?: unknown) => void): void {
    this.server.listen(this.at.host, this.at.port).then((port) => {
      this.port = port;
      callback();
    }, callback);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  on(): void {
    throw new Error('this transport has no events of its own; give the strategy a lifecycle');
  }

  unwrap<T>(): T {
    return this.server as T;
  }

  async #handle(session: TlibSession, request: TMessage): Promise<void> {
    const referenceID = request['ReferenceID'] as number | undefined;
    const handler = this.messageHandlers.get(request.msg);
    if (handler === undefined) {
      session.error(referenceID, TError.UnsupportedOperation, `${request.msg} is not served by this cluster; docs/limits.md says what is`);
      return;
    }
    try {
      const outcome: unknown = await handler(request, { session } satisfies TlibClientContext);
      const event = isObservable(outcome) ? await lastValueFrom(outcome, { defaultValue: undefined }) : outcome;
      if (event !== undefined && event !== null) session.send(event as TEvent, referenceID);
    } catch (error) {
      this.#refuse(session, referenceID, error, request.msg);
    }
  }

  #refuse(session: TlibSession, referenceID: number | undefined, error: unknown, msg: string): void {
    const refused = refusalIn(error);
    if (refused !== undefined) return session.error(referenceID, refused.code, refused.text);
    this.ports.log.error('a request handler failed', { msg, error: error instanceof Error ? error.stack : String(error) });
    session.error(referenceID, TError.Internal, `${msg} failed inside the server; its log says why`);
  }
}

/** A TlibError, or what Nest's exception filter made of one. */
function refusalIn(error: unknown): { code: number; text: string } | undefined {
  if (error instanceof TlibError) return { code: error.code, text: error.message };
  const { code, text } = (error ?? {}) as { code?: unknown; text?: unknown };
  return typeof code === 'number' && typeof text === 'string' ? { code, text } : undefined;
}
