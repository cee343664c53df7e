/** How every process of the cluster is started: V8's options for many processes on few processors (docs/adr/0006, docs/adr/0007). */

/** Before the script on Node's command line: NODE_OPTIONS does not take them, and V8 does not heed them later. */
export const V8_FLAGS: readonly string[] = ['--single-threaded-gc', '--heap-growing-percent=100'];
