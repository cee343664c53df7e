/** Drivers over Redis. Imported only where a process is composed. */
export { RedisLimiterStore } from './limiter/drivers/redis.js';
export { type LocationKeeper, RedisLocationStore, type RedisLocationOptions } from './location/drivers/redis.js';
