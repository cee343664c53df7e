/** SIP over sockets. The machines are in `#sip`. */

/** Transports of one process that reach each other without the kernel. */
export interface LocalSipNetwork {
  readonly size: number;
}
