-- Write one schedule's state, or drop it, if nobody else was faster.
--
-- KEYS 1 due · 2 states
-- ARGV 1 name · 2 revision it was read at ("0": it must not exist) · 3 its state ("": drop it)
--      4 when to look at it again ("": never)
-- Returns 1 where it was written, 0 where it is at another revision.

local kept = redis.call('HGET', KEYS[2], ARGV[1])
local revision = kept and string.match(kept, '^%d+') or '0'
if revision ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], (revision + 1) .. '\n' .. ARGV[3])
end
if ARGV[3] == '' or ARGV[4] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
end
return 1
