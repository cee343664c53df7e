/** SIP over sockets. The machines are in `#sip`. */

/** Transports of one process that reach each other without the kernel. */
export class LocalSipNetwork {
  readonly size: number = 0;
}
