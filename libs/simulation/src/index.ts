/** The cluster without machines or waiting: for specs, `test/` and `bench/` only. */
export { disturb, type Disturbance, type Trouble } from './disturb.js';
export { type Carriage, type LinkQuality, PERFECT, SimulatedNetwork } from './network.js';
export { type NodeState, SimNode } from './node.js';
export { type History, runScenario, type Scenario, simTest, type SimTestOptions } from './scenario.js';
export { SeededEntropy } from './seeded-entropy.js';
export { type BusWitness, SimBusHub } from './sim-bus.js';
export { SimIdleLines } from './sim-idle-lines.js';
export { SimKeyValueServer } from './sim-key-value.js';
export { SimPair, type SimPairPorts } from './sim-pair.js';
export { type SipReader, SimSipNetwork } from './sim-sip.js';
export { type SimConnection, SimStreams } from './sim-streams.js';
export { Trace } from './trace.js';
export { settle, VirtualClock } from './virtual-clock.js';
export {
  HistoryFailed, type Invariant, type SimPorts, type SimProcess, type StartSimProcess, World, type WorldOptions,
} from './world.js';
