/** The session controller: owns calls. */
export { SessionControllerCore, type SessionControllerPorts } from './session-controller-core.js';
export { startSessionController } from './start.js';
