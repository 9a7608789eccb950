-- Say when a run that was looked at, and left as it is, is due again.
--
-- KEYS 1 run · 2 due
-- ARGV 1 run id · 2 revision it was read at · 3 when to look at it again
-- Returns 1 where it was set, 0 where the run has moved on, -1 where there is no such run any more (then
-- its entry is dropped).

local revision = redis.call('HGET', KEYS[1], 'rev')
if not revision then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return -1
end
if revision ~= ARGV[2] then
  return 0
end
redis.call('ZADD', KEYS[2], 'XX', ARGV[3], ARGV[1])
return 1
