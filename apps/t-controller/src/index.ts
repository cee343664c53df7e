/** The T-Controller tier. */
export { startTController } from './start.js';
