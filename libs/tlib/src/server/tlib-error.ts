/** Thrown by request handlers: becomes the EventError that answers the request. */
import { RpcException } from '@nestjs/microservices';

export class TlibError extends RpcException {
  constructor(readonly code: number, text: string) {
    super({ code, text });
    this.message = text;
  }
}
