/** The switch as operators write it: read, checked, and asked by name. */
export { type BusPlace, busPlace } from './bus.js';
export { ConfigError, type ConfigProblem } from './errors.js';
export { type LoadedConfig, loadConfig, parseConfig } from './load.js';
export { OptionLookup } from './lookup.js';
export type {
  ApiKey, Application, ApplicationType, BusConfig, BusSite, ClusterConfig, DnConfig, DnType, HistoryConfig, Options, PairHalf, PairPlace, Person,
  SharedStoreConfig, StoresConfig,
} from './model.js';
export { addNetwork } from './network.js';
export { OPTIONS } from './options/catalogue.js';
export { expectation, type OptionDefinition, type OptionKind, type OptionLevel } from './options/option.js';
export { type PortAddress, portAddresses, processName } from './pairs.js';
export { redactedConfig } from './redact.js';
export { limiterWarning } from './stores.js';
