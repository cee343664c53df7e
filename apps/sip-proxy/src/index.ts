/** The SIP proxy tier: the edge of the cluster, its registrar, and the choice of session controllers. */
export { proxySettings, type ProxySettings } from './settings.js';
export { SipProxyCore, type SipProxyPorts } from './sip-proxy-core.js';
export { startSipProxy } from './start.js';
