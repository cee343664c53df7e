/** The operators' HTTP port. */
export { startConsole } from './start.js';
