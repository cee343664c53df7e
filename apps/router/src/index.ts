/** The built-in routing program. */
export { startRouter } from './start.js';
