-- Take confirmed actions out of a run's outbox.
--
-- KEYS 1 run · 2 outbox · 3 due
-- ARGV 1 run id · 2 revision that the confirmed actions were made at · 3 when to look at the run again · then steps …
-- Returns how many actions are still unconfirmed.
--
-- A step that a later commit sent again stays: this confirmation is not of that action. The due time moves only
-- if the run is still at that revision and still open: a later commit has set its own.

for i = 4, #ARGV do
  local asked_at = redis.call('HGET', KEYS[2], ARGV[i])
  if asked_at and tonumber(asked_at) <= tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
local left = redis.call('HLEN', KEYS[2])
if left == 0 and redis.call('HGET', KEYS[1], 'rev') == ARGV[2] then
  redis.call('ZADD', KEYS[3], 'XX', ARGV[3], ARGV[1])
end
return left
