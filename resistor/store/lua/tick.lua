-- Raise the watermark and note the time, unless the store has gone back.
--
-- KEYS 1 watermark
-- ARGV 1 the highest mark that the caller was told
-- Returns `up`, the new mark, the time in milliseconds, since when to recover ("": nothing is pending);
-- or `back`, the mark that is there, when it was noted in milliseconds.
--
-- A mark below one that was told to somebody proves that writes are gone which this server had confirmed.

local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if n < tonumber(ARGV[1]) then
  return {'back', n, redis.call('HGET', KEYS[1], 'at') or '0', ''}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'n', n + 1, 'at', string.format('%.0f', now))
return {'up', n + 1, string.format('%.0f', now), redis.call('HGET', KEYS[1], 'since') or ''}
