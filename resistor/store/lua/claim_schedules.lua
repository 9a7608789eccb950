-- Return the schedules that are due, and keep others off them for a while.
--
-- KEYS 1 due · 2 states
-- ARGV 1 how many at most · 2 lease in seconds
-- Returns name, `<revision>` newline state, for each, the longest overdue first.
--
-- A claim re-scores and never removes: if the claimer dies, the schedule is due again when the lease is over.
-- The time is this server's, so that the daemons' clocks do not matter.

local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local found = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local state = redis.call('HGET', KEYS[2], name)
  if state then
    redis.call('ZADD', KEYS[1], now + ARGV[2], name)
    found[#found + 1] = name
    found[#found + 1] = state
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
return found
