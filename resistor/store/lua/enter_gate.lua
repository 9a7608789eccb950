-- Ask a gate to let one through.
--
-- KEYS 1 gate · 2 inside · 3 outside · 4 telling · 5 gates
-- ARGV 1 gate's name · 2 who asks · 3 priority, 0 to 9 · 4 limit ("": none) · 5 interval in seconds ("": none)
-- Returns who passes, and from what moment on: member, moment, member, moment … The one who asks may be one of
-- them, or not.
--
-- Asked again, one who is inside is told the same, one who waits keeps the place. The numbers are those of who
-- asked last: they change with the definitions, and others may pass then.

local gate, member = ARGV[1], ARGV[2]
local now = clock()
for position, field in ipairs({'limit', 'interval'}) do
  local value = ARGV[position + 3]
  if value == '' then
    redis.call('HDEL', KEYS[1], field)
  else
    redis.call('HSET', KEYS[1], field, value)
  end
end

local known = redis.call('ZSCORE', KEYS[2], member)
if not known then
  local place = (9 - ARGV[3]) * 2 ^ 42 + now * 1000
  redis.call('ZADD', KEYS[3], 'NX', string.format('%.3f', place), member)
end
local admitted = admit(now, 100)
for i = 1, #admitted, 2 do
  if admitted[i] ~= member then
    redis.call('ZADD', KEYS[4], admitted[i + 1], admitted[i])
  end
end
if known then
  admitted[#admitted + 1] = member
  admitted[#admitted + 1] = known
end
look_again(gate, now)
return admitted
