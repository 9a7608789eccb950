-- Take confirmed actions out of a run's outbox.
--
-- KEYS 1 run · 2 outbox · 3 due
-- ARGV 1 run id · 2 revision whose commit asked for them · 3 when to look at the run again · then steps …
-- Returns how many actions are still unconfirmed.
--
-- The due time moves only if the run is still at that revision and still open: a later commit has set its own.

redis.call('SREM', KEYS[2], unpack(ARGV, 4))
local left = redis.call('SCARD', KEYS[2])
if left == 0 and redis.call('HGET', KEYS[1], 'rev') == ARGV[2] then
  redis.call('ZADD', KEYS[3], 'XX', ARGV[3], ARGV[1])
end
return left
