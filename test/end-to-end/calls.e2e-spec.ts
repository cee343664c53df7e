import { peerSuite } from '../support/peers.js';
import { routedCalls } from './suites/routed-calls.suite.js';

peerSuite('routed calls, the cluster in one process', ['sipp'], () => routedCalls('one process'));
