-- Look at a gate whose time has come.
--
-- KEYS 1 gate · 2 inside · 3 outside · 4 telling · 5 gates
-- ARGV 1 gate's name · 2 how many to name at most · 3 lease in seconds
-- Returns who must be told that they pass: member, moment, member, moment …
--
-- Those are named again until tell_gate says that they know. Of a full gate the longest inside are named: one
-- whose run is gone is taken out by whoever finds that.

local now, most = clock(), tonumber(ARGV[2])
local admitted = admit(now, most)
for i = 1, #admitted, 2 do
  redis.call('ZADD', KEYS[4], admitted[i + 1], admitted[i])
end
local named = redis.call('ZRANGE', KEYS[4], 0, most - 1, 'WITHSCORES')
if #named == 0 and redis.call('EXISTS', KEYS[3]) == 1 then
  named = redis.call('ZRANGE', KEYS[2], 0, 9, 'WITHSCORES')
end
look_again(ARGV[1], now)
if redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('ZADD', KEYS[5], whole_ms(now + ARGV[3]), ARGV[1])
end
return named
