import { peerSuite } from '../support/peers.js';
import { recordedCalls } from './suites/recorded-calls.suite.js';

peerSuite('recorded calls in one process', ['sipp'], () => recordedCalls('one process'));
