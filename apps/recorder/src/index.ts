/** Keeps history: a T-Library client that writes what it hears. */
export { startRecorder } from './start.js';
