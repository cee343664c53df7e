import { natsSuite } from '../support/nats.js';
import { peerSuite } from '../support/peers.js';
import { routedCalls } from './suites/routed-calls.suite.js';

natsSuite('tiers as processes over NATS', () => peerSuite('routed calls', ['sipp'], () => routedCalls('processes over NATS')));
