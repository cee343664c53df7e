import { natsSuite } from '../support/nats.js';
import { peerSuite } from '../support/peers.js';
import { registration } from './suites/registration.suite.js';

natsSuite('tiers as processes over NATS', () => peerSuite('registration', ['sipp', 'dig'], () => registration('processes over NATS')));
