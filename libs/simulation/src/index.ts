/** The cluster without machines or waiting: for specs, `test/` and `bench/` only. */
export { SeededEntropy } from './seeded-entropy.js';
export { settle, VirtualClock } from './virtual-clock.js';
