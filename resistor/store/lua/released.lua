-- Take those who know that their module goes on out of its queue.
--
-- KEYS 1 paused · 2 held · 3 releasing
-- ARGV 1 module · then members …
-- The rest are due at once, unless the module is paused again.

for i = 2, #ARGV do
  redis.call('ZREM', KEYS[2], ARGV[i])
end
if redis.call('EXISTS', KEYS[2]) == 0 or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  redis.call('ZREM', KEYS[3], ARGV[1])
else
  redis.call('ZADD', KEYS[3], 0, ARGV[1])
end
