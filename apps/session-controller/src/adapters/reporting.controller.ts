/** The interaction-proxy port (IP-01): reporting clients hear of calls as soon as they are connected, and ask nothing else. */
import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { TEvent, TRequest as Request } from '#tlib';
import { type TlibClientContext, TRequest } from '#tlib/server';
import { SessionControllerCore } from '../session-controller-core.js';

@Controller()
export class ReportingController {
  constructor(@Inject(SessionControllerCore) private readonly core: SessionControllerCore) {}

  @TRequest('RequestStartCallMonitoring')
  start(@Payload() { msg }: Request, @Ctx() { session }: TlibClientContext): TEvent {
    this.core.reporting.clientJoined(session);
    return { msg: 'EventACK', UserEvent: msg };
  }

  /** No new calls for this client; those it follows stay with it, so that no call is seen in halves (IP-02). */
  @TRequest('RequestStopCallMonitoring')
  stop(@Payload() { msg }: Request, @Ctx() { session }: TlibClientContext): TEvent {
    this.core.reporting.clientPaused(session.id);
    return { msg: 'EventACK', UserEvent: msg };
  }
}
