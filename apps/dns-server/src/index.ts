/** The authoritative DNS server of a cluster: the names under which phones, carriers and servers find its proxies. */
export { startDnsServer } from './start.js';
