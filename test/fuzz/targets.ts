/** What is fuzzed, by name. */
import type { FuzzTarget } from './harness.js';
import { sipCluster } from './sip-cluster.js';
import { sipReader } from './sip-reader.js';
import { sipTransactions } from './sip-transactions.js';
import { tlibLines, tlibPort } from './tlib-lines.js';
import { tlibServer } from './tlib-server.js';

export const TARGETS: ReadonlyMap<string, () => FuzzTarget | Promise<FuzzTarget>> = new Map<string, () => FuzzTarget | Promise<FuzzTarget>>([
  ['sip-reader', () => sipReader],
  ['sip-transactions', sipTransactions],
  ['sip-cluster', sipCluster],
  ['tlib-lines', () => tlibLines],
  ['tlib-port', tlibPort],
  ['tlib-server', tlibServer],
]);
