/** Stores of the cluster: their ports and in-process drivers. */
export { MemoryLocationStore } from './location/memory.js';
export type { LocationBinding, LocationDelta, LocationPage, LocationRemoval, LocationStore } from './location/port.js';
