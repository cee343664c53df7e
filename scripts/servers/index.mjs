// Real servers as local processes, for tests, benches and local clusters.
export { fetchCassandra, findCassandra, prepareCassandra, startCassandra } from './cassandra.mjs';
export { fetchNats, findNats, NATS_MINOR_MIN, startNats } from './nats.mjs';
export { fetchRedis, findRedis, redisCommand, startRedis } from './redis.mjs';
export { endSharedCassandra, joinSharedCassandra } from './shared-cassandra.mjs';
