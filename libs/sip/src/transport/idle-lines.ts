/** `IdleLines` over TCP sockets. They are nobody's flows: no SIP is sent over them. */
import { connect, type Socket } from 'node:net';
import { plainAddress } from './connection.js';
import type { IdleLine, IdleLineEvents, IdleLines } from './port.js';

const KEEP_ALIVE = '\r\n\r\n';

export class SocketIdleLines implements IdleLines {
  dial(host: string, port: number, events: IdleLineEvents): IdleLine {
    const socket = connect({ host, port });
    let reason = 'the other end closed the connection';
    let silent = false;
    socket.once('connect', () => {
      if (isOwnEcho(socket)) socket.destroy();
      else if (!silent) events.opened();
    });
    socket.on('error', (error: Error) => { reason = error.message; });
    socket.once('close', () => {
      if (!silent) events.closed(reason);
    });
    // Its answers to keep-alives are dropped.
    socket.resume();
    socket.unref();
    return {
      ping: () => void socket.write(KEEP_ALIVE),
      close: () => {
        silent = true;
        socket.destroy();
      },
    };
  }
}

/** A port of the dynamic range that nobody listens on may be given to the dialling socket itself, which then meets itself. */
function isOwnEcho({ localPort, remotePort, localAddress, remoteAddress }: Socket): boolean {
  return localPort === remotePort && plainAddress(localAddress ?? '') === plainAddress(remoteAddress ?? '');
}
