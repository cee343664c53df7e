/** The smart-proxy tier. */
export { startSmartProxy } from './start.js';
