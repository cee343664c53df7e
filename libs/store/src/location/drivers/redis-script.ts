import { redisScript } from '../../drivers/redis-script.js';

/**
 * One batch of changes: of two reports the later stands, what stands already is not written again, and what was changed is published
 * as `[from, key, value, ...]`. Answers how many were.
 *
 * KEYS: one per change. ARGV: per change its time, TTL in ms and value; then the channel and who writes.
 */
export const WRITE = redisScript(`
local count = #KEYS
local changed = {ARGV[3 * count + 2]}
for i = 1, count do
  local value = ARGV[3 * i]
  local held = redis.call('GET', KEYS[i])
  if not held or (held ~= value and tonumber(string.match(held, '^[%d.]+') or '0') <= tonumber(ARGV[3 * i - 2])) then
    redis.call('SET', KEYS[i], value, 'PX', ARGV[3 * i - 1])
    changed[#changed + 1] = KEYS[i]
    changed[#changed + 1] = value
  end
end
if #changed > 1 then redis.call('PUBLISH', ARGV[3 * count + 1], cjson.encode(changed)) end
return (#changed - 1) / 2
`);
