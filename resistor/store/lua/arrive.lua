-- Keep an event of a topic for a while, and say who waits for it.
--
-- KEYS 1 waiting · 2 early · 3 payloads
-- ARGV 1 event id · 2 payload · 3 for how many seconds to keep it
--      4 how many events are kept at most · 5 how many bytes · 6 how many that wait are returned at most
-- Returns `<run> <address>` in byte order.
--
-- The same id again is kept once, as it came first, and told again. Over a limit the oldest events go, the
-- new one never. All are kept as long as the longest that anybody asked for, so that the oldest is the first
-- to go.

local id, payload, most_events, most_bytes = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2]
if last and now <= tonumber(last) then
  now = last + 0.000001 -- in the order in which they came, whatever the clock does
end

if redis.call('ZADD', KEYS[2], 'NX', now, id) == 1 then
  local keep = math.max(ARGV[3], redis.call('HGET', KEYS[3], 'keep') or 0)
  local bytes = (redis.call('HGET', KEYS[3], 'bytes') or 0) + #payload
  redis.call('HSET', KEYS[3], ':' .. id, payload)
  local count = redis.call('ZCARD', KEYS[2])
  while count > 1 do
    local oldest, came_at = unpack(redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES'))
    local is_over = tonumber(came_at) <= now - keep
    if oldest == id or not (is_over or count > most_events or bytes > most_bytes) then
      break
    end
    bytes = bytes - redis.call('HSTRLEN', KEYS[3], ':' .. oldest)
    count = count - 1
    redis.call('HDEL', KEYS[3], ':' .. oldest)
    redis.call('ZREM', KEYS[2], oldest)
  end
  redis.call('HSET', KEYS[3], 'keep', keep, 'bytes', bytes)
  redis.call('EXPIRE', KEYS[2], math.ceil(keep))
  redis.call('EXPIRE', KEYS[3], math.ceil(keep))
end
return redis.call('ZRANGEBYLEX', KEYS[1], '-', '+', 'LIMIT', 0, ARGV[6])
