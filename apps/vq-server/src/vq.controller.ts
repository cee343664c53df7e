/** Requests of the virtual-queue server's port, one method each. */
import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { TError, type TRequest as Request } from '#tlib';
import { type TlibClientContext, TlibError, TRequest } from '#tlib/server';
import { type Refuse, VqServerCore } from './vq-core.js';

const refuse: Refuse = (code, message) => {
  throw new TlibError(code, message);
};

@Controller()
export class VqController {
  constructor(@Inject(VqServerCore) private readonly core: VqServerCore) {}

  @TRequest('RequestRegisterAddress')
  registerAddress(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.register(session, request, refuse);
  }

  @TRequest('RequestUnregisterAddress')
  unregisterAddress(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.unregister(session, request, refuse);
  }

  @TRequest('RequestReserveAgent')
  reserveAgent(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.reserve(session, request, refuse);
  }

  @TRequest('RequestSendEvent')
  sendEvent(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.sendEvent(session, request, refuse);
  }

  @TRequest('RequestQueryAddress')
  queryAddress(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.queryAddress(session, request, refuse);
  }

  @TRequest('RequestQuerySwitch', 'RequestQueryLocation')
  querySwitch(@Payload() request: Request, @Ctx() { session }: TlibClientContext): void {
    this.core.querySwitch(session, request, refuse);
  }

  @TRequest('RequestQueryCall')
  queryCall(): never {
    return refuse(TError.UnsupportedOperation, 'calls live on the session controllers; ask there');
  }
}
