import { peerSuite } from '../support/peers.js';
import { softphones } from './suites/softphones.suite.js';

peerSuite('softphones, the cluster in one process', ['baresip', 'bridge'], () => softphones('one process'));
