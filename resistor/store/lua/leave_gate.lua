-- Let one out of a gate, or out of its queue, and others in.
--
-- KEYS 1 gate · 2 inside · 3 outside · 4 telling · 5 gates
-- ARGV 1 gate's name · 2 who leaves
-- Returns who passes now: member, moment, member, moment …

local now = clock()
for position = 2, 4 do
  redis.call('ZREM', KEYS[position], ARGV[2])
end
local admitted = admit(now, 100)
for i = 1, #admitted, 2 do
  redis.call('ZADD', KEYS[4], admitted[i + 1], admitted[i])
end
look_again(ARGV[1], now)
return admitted
