-- Take confirmed outgoing messages out of a run's outbox.
--
-- KEYS 1 run · 2 outbox · 3 timers · 4 due
-- ARGV 1 run id · 2 revision that the confirmed messages were made at · 3 when to look at the run again, once
--      nothing is unconfirmed · 4 when already, while something is · 5 "1" where the run is finished
--      then names …
-- Returns how many messages are still unconfirmed.
--
-- A message that a later commit sent again stays: this confirmation is not of that one. The due time moves
-- only if the run is still at that revision: a later commit has set its own. And not if it is 0: somebody has
-- asked for the run to be looked at.

for i = 6, #ARGV do
  local asked = redis.call('HGET', KEYS[2], ARGV[i])
  if asked and tonumber(string.match(asked, '^%d+')) <= tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
if redis.call('HGET', KEYS[1], 'rev') == ARGV[2] and redis.call('ZSCORE', KEYS[4], ARGV[1]) ~= '0' then
  look_again(ARGV[1], ARGV[5] == '1', ARGV[3], ARGV[4], '-inf')
end
return redis.call('HLEN', KEYS[2])
