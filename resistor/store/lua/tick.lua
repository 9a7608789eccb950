-- Raise one daemon's mark and note the time, unless the store has gone back.
--
-- KEYS 1 watermark · 2 this daemon's mark
-- ARGV 1 the highest mark that the daemon was told · 2 TTL of its mark in seconds
-- Returns `up`, the new mark, the time in milliseconds, since when to recover ("": nothing is pending);
-- or `back`, the mark that was there, when the time was noted last in milliseconds.
--
-- A mark below one that was told to its daemon proves that writes are gone which this server had confirmed.

local mark = tonumber(redis.call('GET', KEYS[2]) or '0')
if mark < tonumber(ARGV[1]) then
  return {'back', mark, redis.call('HGET', KEYS[1], 'at') or '0', ''}
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('SET', KEYS[2], mark + 1, 'EX', ARGV[2])
redis.call('HSET', KEYS[1], 'at', now)
return {'up', mark + 1, now, redis.call('HGET', KEYS[1], 'since') or ''}
