import { natsSuite } from '../support/nats.js';
import { peerSuite } from '../support/peers.js';
import { recordedCalls } from './suites/recorded-calls.suite.js';

natsSuite('tiers as processes over NATS', () => peerSuite('recorded calls', ['sipp'], () => recordedCalls('processes over NATS')));
