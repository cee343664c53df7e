import { routedCalls } from './suites/routed-calls.suite.js';

describe('routed calls, tiers as processes over NATS', () => routedCalls('processes over NATS'));
