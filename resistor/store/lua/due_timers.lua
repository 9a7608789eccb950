-- Return the addresses of one run that want to be woken by now.
--
-- KEYS 1 timers
-- ARGV 1 how many at most
-- Returns addresses, the longest overdue first.
--
-- The time is this server's, so that the daemons' clocks do not matter.

local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time[1] + time[2] / 1000000, 'LIMIT', 0, ARGV[1])
