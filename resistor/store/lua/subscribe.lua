-- Let one step listen for a topic.
--
-- KEYS 1 waiting · 2 early · 3 payloads
-- ARGV 1 who: `<run> <address>` · 2 since when events count, in seconds since the epoch
-- Returns id, payload, when it came, for each kept event that counts, oldest first.
--
-- In one go with `arrive`: an event is either here already, or finds the step waiting.

redis.call('ZADD', KEYS[1], 0, ARGV[1])
local events = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[2], '+inf', 'WITHSCORES')
local found = {}
for i = 1, #events, 2 do
  local payload = redis.call('HGET', KEYS[3], ':' .. events[i])
  if payload then
    found[#found + 1] = events[i]
    found[#found + 1] = payload
    found[#found + 1] = events[i + 1]
  end
end
return found
