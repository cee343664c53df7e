import { natsSuite } from '../support/nats.js';
import { peerSuite } from '../support/peers.js';
import { softphones } from './suites/softphones.suite.js';

natsSuite('tiers as processes over NATS', () => peerSuite('softphones', ['baresip', 'bridge'], () => softphones('processes over NATS')));
