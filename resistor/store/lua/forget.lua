-- Drop one finished run whose time to be kept is over.
--
-- KEYS 1 run · 2 outbox · 3 timers · 4 due · 5 history · 6 expiring · 7 labels · 8 … its indexes
-- ARGV 1 run id · 2 its entry in expiring · 3 the time that it is compared with · 4 when to try again
-- Returns 1 where it was dropped.
--
-- A run of the same id may have begun in the meantime: then the entry is gone, and nothing happens. A run
-- that has something to tell stays until that is confirmed, or its TTL is over.

local forgotten_at = redis.call('ZSCORE', KEYS[6], ARGV[2])
if not forgotten_at or tonumber(forgotten_at) > tonumber(ARGV[3]) then
  return 0
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('ZADD', KEYS[6], ARGV[4], ARGV[2])
  return 0
end
redis.call('DEL', KEYS[1], KEYS[3], KEYS[5])
redis.call('HDEL', KEYS[7], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
for i = 8, #KEYS do
  redis.call('ZREM', KEYS[i], ARGV[1])
end
redis.call('ZREM', KEYS[6], ARGV[2])
return 1
