/** Drivers over Cassandra. Imported only where a process is composed. */
export { CassandraHistoryStore, type CassandraHistoryOptions } from './history/drivers/cassandra.js';
