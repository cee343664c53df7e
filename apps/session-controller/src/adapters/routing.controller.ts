/** The default port: each request of the allow-list goes to the routing port of the core (tlibrary §3.13). */
import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import type { TRequest as Request } from '#tlib';
import { type TlibClientContext, TRequest } from '#tlib/server';
import { SessionControllerCore } from '../session-controller-core.js';

@Controller()
export class RoutingController {
  constructor(@Inject(SessionControllerCore) private readonly core: SessionControllerCore) {}

  @TRequest(
    'RequestRegisterAddress', 'RequestUnregisterAddress', 'RequestRouteCall', 'RequestApplyTreatment',
    'RequestSendDTMF', 'RequestQueryCall', 'RequestAttachUserData', 'RequestUpdateUserData', 'RequestDeletePair',
    'RequestDeleteUserData', 'RequestGetAccessNumber', 'RequestCancelReqGetAccessNumber', 'RequestReserveAgent',
    'RequestSendEvent', 'RequestPrivateService',
  )
  onRequest(@Payload() request: Request, @Ctx() client: TlibClientContext): void {
    this.core.routingPort.onRequest(client.session, request);
  }
}
