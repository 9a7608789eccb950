-- Note that the store has to be recovered, from a time on; and raise the watermark over what was lost.
--
-- KEYS 1 watermark
-- ARGV 1 the highest mark that the caller was told · 2 since when, in milliseconds
--
-- The earliest of those who ask counts. Whoever recovers at this moment begins again when it is done.

local since = redis.call('HGET', KEYS[1], 'since')
if not since or tonumber(ARGV[2]) < tonumber(since) then
  redis.call('HSET', KEYS[1], 'since', ARGV[2])
end
redis.call('HINCRBY', KEYS[1], 'asked', 1)
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if n < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'n', ARGV[1])
end
return 1
