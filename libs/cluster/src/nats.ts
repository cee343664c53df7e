/** Drivers over NATS. Imported only where a process is composed. */
export { NatsBus, type NatsBusPorts } from './bus/nats.js';
export { JetStreamKeyValueStore, type JetStreamOptions } from './key-value/jet-stream.js';
export { connectNats, type NatsOptions } from './nats/connect.js';
export { JetStreamQueue, type JetStreamQueueOptions } from './queue/jet-stream.js';
export { type NatsDrivers, type NatsDriversOptions, openNats } from './nats/open.js';
