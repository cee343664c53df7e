import { peerSuite } from '../support/peers.js';
import { clients } from './suites/clients.suite.js';

peerSuite('routers and monitors, the cluster in one process', ['sipp'], () => clients('one process'));
