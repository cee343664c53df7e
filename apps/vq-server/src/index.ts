/** Virtual queues and agent reservation. */
export { startVqServer } from './start.js';
