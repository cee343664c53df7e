/**
 * The limiter's verdicts as scripts, so that each is one step for everybody. Time is the server's, so that no clock of a proxy counts.
 *
 * `cb:lim:c:<counter>`: sorted set of call ids by the end of their lease; `cb:lim:k:<call id>`: set of the call's counters. Both end with
 * the last lease in them. The keys of a call's counters are known by its set alone, so all live at one server.
 */
import { redisScript } from '../../drivers/redis-script.js';

const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function keep(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end
`;

/**
 * KEYS: the call's, then one per claim. ARGV: call id, lease, then per claim the counter, its limit (-1: none) and 1 for a shadow.
 * Answers admitted, then the places of full claims.
 */
export const ACQUIRE = redisScript(`${COMMON}
local id, lease = ARGV[1], tonumber(ARGV[2])
local verdict, isFull = {1}, {}
for i = 2, #KEYS do
  local limit = tonumber(ARGV[3 * i - 2])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  if limit >= 0 and not redis.call('ZSCORE', KEYS[i], id) and redis.call('ZCARD', KEYS[i]) >= limit then
    isFull[i] = true
    verdict[#verdict + 1] = i - 2
    if ARGV[3 * i - 1] ~= '1' then verdict[1] = 0 end
  end
end
if verdict[1] == 0 then return verdict end
local until_ = math.max(now + lease, now + redis.call('PTTL', KEYS[1]))
for i = 2, #KEYS do
  if not isFull[i] then
    redis.call('ZADD', KEYS[i], until_, id)
    keep(KEYS[i], until_ - now)
    redis.call('SADD', KEYS[1], ARGV[3 * i - 3])
  end
end
for _, counter in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  redis.call('ZADD', 'cb:lim:c:' .. counter, 'XX', until_, id)
  keep('cb:lim:c:' .. counter, until_ - now)
end
keep(KEYS[1], until_ - now)
return verdict
`);

/** KEYS: one per call. ARGV: lease, then the call ids. Answers the places of calls that have no slot. */
export const RENEW = redisScript(`${COMMON}
local lease = tonumber(ARGV[1])
local lost = {}
for i = 1, #KEYS do
  local held = 0
  for _, counter in ipairs(redis.call('SMEMBERS', KEYS[i])) do
    local key = 'cb:lim:c:' .. counter
    if tonumber(redis.call('ZSCORE', key, ARGV[i + 1]) or 0) > now then
      redis.call('ZADD', key, now + lease, ARGV[i + 1])
      keep(key, lease)
      held = held + 1
    end
  end
  if held > 0 then redis.call('PEXPIRE', KEYS[i], lease) else lost[#lost + 1] = i - 1 end
end
return lost
`);

/** KEYS: the call's. ARGV: call id. Answers how many slots it had. */
export const RELEASE = redisScript(`${COMMON}
local freed = 0
for _, counter in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = 'cb:lim:c:' .. counter
  if tonumber(redis.call('ZSCORE', key, ARGV[1]) or 0) > now then freed = freed + 1 end
  redis.call('ZREM', key, ARGV[1])
end
redis.call('DEL', KEYS[1])
return freed
`);

/** KEYS: counters. Answers the slots taken at each. */
export const USAGE = redisScript(`${COMMON}
local used = {}
for i = 1, #KEYS do used[i] = redis.call('ZCOUNT', KEYS[i], '(' .. now, '+inf') end
return used
`);
