-- Who a gate lets through: stands in front of enter_gate, leave_gate, turn_gate and tell_gate.
--
-- KEYS 1 gate · 2 inside · 3 outside · 4 telling · 5 gates, in each of the four
--
-- `gate` has `limit`, how many may be inside at once, or `interval`, seconds between two, and then `next`, when
-- the next one may pass. Who passes goes from `outside` to `inside`, with the moment from which on; whoever did
-- not ask himself stands in `telling` until his run has been told. `gates` says when the gate must be looked at.
-- The time is this server's.

local AHEAD = 1 -- seconds: so far ahead a rate gives out its moments, the rest wait in order of priority
local GRACE = 10 -- seconds until who was let through is told once more
local LOOK = 60 -- seconds until a full gate is looked at for those who are gone
local KEPT = 60 -- seconds that a rate remembers who has passed

local function number(field)
  return tonumber(redis.call('HGET', KEYS[1], field) or nil)
end

local function exact(seconds)
  return string.format('%.6f', seconds)
end

-- As a score of `gates`; why, says look_again.lua.
local function whole_ms(seconds)
  return math.floor(seconds * 1000 + 0.999)
end

local function clock()
  local time = redis.call('TIME')
  return time[1] + time[2] / 1000000
end

-- When the first of those outside may pass, or nil: when somebody leaves, or nobody is there.
local function opens_at(now)
  local limit, interval = number('limit'), number('interval')
  if redis.call('EXISTS', KEYS[3]) == 0 or (limit and redis.call('ZCARD', KEYS[2]) >= limit) then
    return nil
  end
  return math.max(now, interval and (number('next') or 0) - AHEAD or 0)
end

-- Let through whom there is room for, `most` at once; returns member, moment, member, moment …
local function admit(now, most)
  local limit, interval = number('limit'), number('interval')
  local next_at, inside = number('next') or 0, redis.call('ZCARD', KEYS[2])
  local admitted = {}
  while #admitted < 2 * most and (not limit or inside < limit) and next_at <= now + AHEAD do
    local member = redis.call('ZPOPMIN', KEYS[3])[1]
    if not member then
      break
    end
    local at = interval and math.max(now, next_at) or now
    next_at = interval and at + interval or 0
    inside = inside + 1
    redis.call('ZADD', KEYS[2], exact(at), member)
    admitted[#admitted + 1] = member
    admitted[#admitted + 1] = exact(at)
  end
  if interval and #admitted > 0 then
    redis.call('HSET', KEYS[1], 'next', exact(next_at))
  end
  return admitted
end

local function look_again(gate, now)
  local at = opens_at(now)
  if redis.call('EXISTS', KEYS[4]) == 1 then
    at = math.min(at or now + GRACE, now + GRACE)
  elseif not at and redis.call('EXISTS', KEYS[3]) == 1 then
    at = now + LOOK
  end
  if at then
    redis.call('ZADD', KEYS[5], whole_ms(at), gate)
  else
    redis.call('ZREM', KEYS[5], gate)
  end
  if number('interval') then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exact(now - KEPT))
    local left = math.ceil(math.max((number('next') or 0) - now, 0)) + KEPT
    redis.call('EXPIRE', KEYS[2], left)
    if at then
      redis.call('PERSIST', KEYS[1])
    else
      redis.call('EXPIRE', KEYS[1], left)
    end
  elseif not at and redis.call('EXISTS', KEYS[2]) == 0 then
    redis.call('DEL', KEYS[1])
  end
end
