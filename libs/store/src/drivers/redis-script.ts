/** A script at the server: sent once, then called by its digest. */
import type { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { RedisLink } from './redis-link.js';

export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export const redisScript = (text: string): RedisScript => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** @throws StoreUnavailable, or the error of the script */
export function runScript(link: RedisLink, { text, sha1 }: RedisScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
  return link.run(async (redis: Redis) => {
    try {
      return await redis.evalsha(sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!String((error as Error).message).startsWith('NOSCRIPT')) throw error;
      return redis.eval(text, keys.length, ...keys, ...args);
    }
  });
}
