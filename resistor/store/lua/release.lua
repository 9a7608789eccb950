-- Say when a run that was looked at, and left as it is, is due again.
--
-- KEYS 1 run · 2 outbox · 3 timers · 4 due
-- ARGV 1 run id · 2 revision it was read at · 3 when to look at it again · 4 when already, while something is
--      unconfirmed · 5 "1" where the run is finished · 6 when it was looked at
-- Returns 1 where it was set, 0 where the run has moved on, -1 where there is no such run any more (then
-- what is left of it is dropped).
--
-- Timers that were due when it was looked at count no more: whoever looked has left them, and would be called
-- again and again.

local revision = redis.call('HGET', KEYS[1], 'rev')
if not revision then
  redis.call('ZREM', KEYS[4], ARGV[1])
  redis.call('DEL', KEYS[2], KEYS[3])
  return -1
end
if revision ~= ARGV[2] then
  return 0
end
look_again(ARGV[1], ARGV[5] == '1', ARGV[3], ARGV[4], '(' .. ARGV[6])
return 1
