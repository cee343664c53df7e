import { routedCalls } from './suites/routed-calls.suite.js';

describe('routed calls, the cluster in one process', () => routedCalls('one process'));
