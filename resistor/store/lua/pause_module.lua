-- Pause a module, or let it go on.
--
-- KEYS 1 paused · 2 held · 3 releasing
-- ARGV 1 module · 2 why, as JSON ("": it goes on)
-- Returns how it was paused before, or nothing. A pause that is there already gets the new reason.

local before = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
  if redis.call('EXISTS', KEYS[2]) == 1 then
    redis.call('ZADD', KEYS[3], 0, ARGV[1])
  end
end
return before
