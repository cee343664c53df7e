import { peerSuite } from '../support/peers.js';
import { registration } from './suites/registration.suite.js';

peerSuite('registration, the cluster in one process', ['sipp', 'dig'], () => registration('one process'));
