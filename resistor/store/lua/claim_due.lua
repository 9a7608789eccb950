-- Return the runs of one partition that are due, and keep others off them for a while.
--
-- KEYS 1 due
-- ARGV 1 how many at most · 2 lease in seconds
-- Returns run ids, the longest overdue first.
--
-- A claim re-scores and never removes: if the claimer dies, the run is due again when the lease is over.
-- The time is this server's, so that the daemons' clocks do not matter.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(ids) do
  redis.call('ZADD', KEYS[1], 'XX', now + math.floor(ARGV[2] * 1000), id)
end
return ids
