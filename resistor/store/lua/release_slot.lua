-- Give back one run's slot of a concurrency key, or its place in the queue, and grant what is free.
--
-- KEYS 1 holders · 2 queue · 3 leaving
-- ARGV 1 run id · 2 how many slots there are
-- Returns the runs that have a slot now and may not know it.
--
-- Where the run has nothing any more, this was done before, and perhaps nobody was told: then that is every
-- run that has a slot. To be told twice is harmless.

local run, limit = ARGV[1], tonumber(ARGV[2])
local had = 0
for _, key in ipairs(KEYS) do
  had = had + redis.call('ZREM', key, run)
end
local held = redis.call('ZCARD', KEYS[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2] or 0
local granted = {}
while held < limit do
  local first = redis.call('ZPOPMIN', KEYS[2])[1]
  if not first then
    break
  end
  held = held + 1
  last = last + 1
  redis.call('ZADD', KEYS[1], last, first)
  granted[#granted + 1] = first
end
if had == 0 then
  return redis.call('ZRANGE', KEYS[1], 0, -1)
end
return granted
