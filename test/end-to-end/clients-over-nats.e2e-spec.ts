import { natsSuite } from '../support/nats.js';
import { peerSuite } from '../support/peers.js';
import { clients } from './suites/clients.suite.js';

natsSuite('tiers as processes over NATS', () => peerSuite('routers and monitors', ['sipp'], () => clients('processes over NATS')));
