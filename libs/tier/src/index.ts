/** What every tier of the cluster is to the process that runs it, and the process itself. */
export { type AdminReply, type AdminRequest, askAdmin, serveAdmin } from './admin.js';
export { FencedSip } from './pair/fenced-sip.js';
export type { LoopLateness } from './loop-watch.js';
export { configuredStores, type LocationStoreOptions, type StorePorts, type TierStores } from './stores.js';
export { TierHost } from './host.js';
export {
  applicationsOf, startApplication, type ClusterProcess, openProcess, type ProcessOptions, processOptions, reportAndFail, runTier, USAGE,
} from './process.js';
export { metricsText } from './watch-port.js';
export { type TlibPortKind, tlibServerOptions } from './tlib-options.js';
export type { AdminCommands, Listening, RunningTier, StartTier, TierPorts } from './tier.js';
