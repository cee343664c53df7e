/** Ports of the cluster and their in-process drivers. Drivers for real servers have entries of their own. */
export type { Bus, BusDelivery, BusHandler, BusMessage, BusReply, BusSubscription } from './bus/port.js';
export {
  type KeyValue, type KeyValueChange, type KeyValueEntry, type KeyValueStore, KeyValueUnavailable, RevisionConflict,
} from './key-value/port.js';
export { subjects, token, untoken } from './subjects.js';
