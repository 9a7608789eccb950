-- Let one wait for a paused module.
--
-- KEYS 1 paused · 2 held · 3 releasing
-- ARGV 1 module · 2 who waits · 3 priority, 0 to 9
-- Returns 1 where it waits, 0 where the module is not paused (any more): then it does not wait either.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  redis.call('ZREM', KEYS[2], ARGV[2])
  return 0
end
local time = redis.call('TIME')
local place = (9 - ARGV[3]) * 2 ^ 42 + time[1] * 1000 + time[2] / 1000
redis.call('ZADD', KEYS[2], 'NX', string.format('%.3f', place), ARGV[2])
return 1
