/**
 * The limiter's steps as scripts, so that each is one for everybody. Time is the server's, so that no clock of a proxy counts.
 *
 * `cb:lim:c:<counter>`: sorted set of call ids by the end of their lease. `cb:lim:r:<id>`: a call's record as JSON: `p` what each teller said
 * (`u` end of the lease, `a` amends, `t` takes, each a counter and its until), `e` counters of takes that ended, `c` counters it is in.
 * `cb:lim:w:<id>`: the id that this one became. `cb:lim:l:<id>`: released, so what is told of it is late. All have a TTL. The keys of a call are
 * known by its record alone, so all live at one server, and no script names its keys beforehand.
 */
import { redisScript } from '../../drivers/redis-script.js';

const NAMES = `
local C, R, W, L = 'cb:lim:c:', 'cb:lim:r:', 'cb:lim:w:', 'cb:lim:l:'

-- Name that it became while that call lives, text of its record, whether it was released.
local function look(id)
  local name, text, late = unpack(redis.call('MGET', W .. id, R .. id, L .. id))
  return name and redis.call('EXISTS', R .. name) == 1 and name, text, late
end

local function forget(id, record)
  for counter in pairs(record.c) do redis.call('ZREM', C .. counter, id) end
  redis.call('DEL', R .. id)
end
`;

const COMMON = `${NAMES}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function isOver(record, take)
  return #take > 1 and record.e[take[1]]
end

-- Ends leases that ran out, and forgets ended takes that nobody says any more. Answers the last end.
local function expire(record)
  local ownerEnd = 0
  for by, part in pairs(record.p) do
    if part.u <= now then record.p[by] = nil
    elseif not part.a and part.u > ownerEnd then ownerEnd = part.u end
  end
  if ownerEnd == 0 then record.p = {} end
  if not next(record.e) then return ownerEnd end
  local said = {}
  for _, part in pairs(record.p) do
    for _, take in ipairs(part.t) do
      if #take > 1 then said[take[1]] = true end
    end
  end
  for counter in pairs(record.e) do
    if not said[counter] then record.e[counter] = nil end
  end
  return ownerEnd
end

-- Ends takes whose until has come.
local function endTakes(record)
  local there, ending = {}, {}
  for _, part in pairs(record.p) do
    for _, take in ipairs(part.t) do
      if not isOver(record, take) then there[take[1]] = true end
      if #take > 1 then ending[#ending + 1] = take end
    end
  end
  for _, take in ipairs(ending) do
    for i = 2, #take do
      if there[take[i]] then record.e[take[1]] = true end
    end
  end
end

-- Counter to end of lease.
local function leases(record, ownerEnd)
  local slots = {}
  for _, part in pairs(record.p) do
    local ends = part.a and math.min(part.u, ownerEnd) or part.u
    for _, take in ipairs(part.t) do
      if not isOver(record, take) then slots[take[1]] = math.max(slots[take[1]] or 0, ends) end
    end
  end
  return slots
end

local function tell(id, record, by, part)
  expire(record)
  record.p[by] = #part.t > 0 and part or nil
  local last = expire(record)
  endTakes(record)
  local slots = leases(record, last)
  for counter in pairs(record.c) do
    if not slots[counter] then redis.call('ZREM', C .. counter, id) end
  end
  record.c = {}
  for counter, ends in pairs(slots) do
    local key = C .. counter
    record.c[counter] = true
    redis.call('ZADD', key, ends, id)
    -- For longer than it must, so that a counter of many calls is not told with each.
    if redis.call('PTTL', key) < ends - now then redis.call('PEXPIRE', key, 2 * (ends - now)) end
  end
  if last == 0 then redis.call('DEL', R .. id)
  else redis.call('SET', R .. id, cjson.encode(record), 'PX', last - now) end
end
`;

/**
 * ARGV: id, by, lease, checks as JSON (`[counters, way, any, at most, limit, ghosts or '', shadow]`), takes as JSON. Answers admitted, then the
 * places of full checks.
 */
export const ACQUIRE = redisScript(`${COMMON}
local id, by, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local checks, takes = cjson.decode(ARGV[4]), cjson.decode(ARGV[5])
local name, text, late = look(id)
local own = name or id
if name then text = redis.call('GET', R .. name) end
local record = text and cjson.decode(text)
local looked, sizes = {}, {}

local function swept(counter)
  local key = C .. counter
  if not looked[key] then
    looked[key] = true
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  end
  return key
end
local function has(key, counter)
  return record and record.c[counter] and redis.call('ZSCORE', key, own)
end
local function size(counter, ghosts)
  local known = sizes[counter .. ' ' .. ghosts]
  if known then return known end
  local key = swept(counter)
  local count = redis.call('ZCARD', key)
  local isOwn = count > 0 and has(key, counter)
  if count > 0 and ghosts ~= '' then
    local ghostKey = swept(ghosts)
    count = count - redis.call('ZINTERCARD', 2, key, ghostKey)
    isOwn = isOwn and not has(ghostKey, ghosts)
  end
  if isOwn then count = count - 1 end
  sizes[counter .. ' ' .. ghosts] = count
  return count
end

local verdict, full = {1}, {}
for place, check in ipairs(checks) do
  local counters, way, any, atMost, limit, ghosts, shadow = unpack(check)
  local onTheWay, sum, isFull = 0, 0, false
  local function judge(figure)
    if atMost then isFull = isFull or figure <= limit else isFull = isFull or figure >= limit end
  end
  for _, counter in ipairs(way) do onTheWay = onTheWay + size(counter, ghosts) end
  for _, counter in ipairs(counters) do
    if any then judge(size(counter, ghosts) + onTheWay) else sum = sum + size(counter, ghosts) end
  end
  if not any then judge(sum + onTheWay) end
  if isFull then
    verdict[#verdict + 1] = place - 1
    if not shadow then verdict[1] = 0 elseif ghosts ~= '' then full[#full + 1] = ghosts end
  end
end
if verdict[1] == 0 or name then return verdict end
for _, ghosts in ipairs(full) do takes[#takes + 1] = {ghosts} end
if late then redis.call('DEL', L .. id) end
record = record or {p = {}, e = {}, c = {}}
local before = record.p[by] and record.p[by].u or 0
tell(id, record, by, {u = math.max(now + lease, before), t = takes})
return verdict
`);

/** ARGV: lease, then per call as JSON `[id, by, takes, was or '', amends]`. Answers 1 or 0 for each. */
export const HOLD = redisScript(`${COMMON}
local lease = tonumber(ARGV[1])
local function hold(id, by, takes, was, amends)
  local name, text, late = look(id)
  if late or name then return 0 end
  local record = text and cjson.decode(text)
  if amends then
    local owned = false
    for _, part in pairs(record and record.p or {}) do owned = owned or (not part.a and part.u > now) end
    if not owned then return 0 end
  end
  if was ~= '' and was ~= id then
    local before = redis.call('GET', R .. was)
    if before then forget(was, cjson.decode(before)) end
    redis.call('SET', W .. was, id, 'PX', lease)
  end
  tell(id, record or {p = {}, e = {}, c = {}}, by, {u = now + lease, t = takes, a = amends or nil})
  return 1
end
local heard = {}
for i = 2, #ARGV do heard[i - 1] = hold(unpack(cjson.decode(ARGV[i]))) end
return heard
`);

/** ARGV: how long the release outlives the calls, then the ids. Answers 1 for each that had a slot. */
export const RELEASE = redisScript(`${NAMES}
local freed = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local name, text = look(id)
  freed[i - 1] = 0
  if not name then
    if text then
      forget(id, cjson.decode(text))
      freed[i - 1] = 1
    end
    redis.call('SET', L .. id, '1', 'PX', ARGV[1])
  end
end
return freed
`);

/** ARGV: counters. Answers the calls in each. */
export const USAGE = redisScript(`${COMMON}
local used = {}
for i = 1, #ARGV do used[i] = redis.call('ZCOUNT', C .. ARGV[i], '(' .. now, '+inf') end
return used
`);
