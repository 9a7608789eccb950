-- Write one run's step forward, whole, if nobody else was faster.
--
-- KEYS 1 run · 2 outbox · 3 history · 4 due · 5 expiring
--      6 index of the status it had · 7 index of the status it has · 8 index of its workflow
-- ARGV 1 run id · 2 revision it was read at ("0": it must not exist) · 3 when to look at it again
--      4 started at · 5 TTL in seconds ("": it is open) · 6 when to forget it · 7 its entry in expiring
--      8 number of hash fields · 9 number of steps to send · then field, value … · steps … · facts …
-- Returns the new revision, or 0 where the run is at another one.
--
-- Values are opaque: nothing here reads a payload. Run again with the same arguments it changes nothing,
-- because the revision has moved on.

local run_id, revision = ARGV[1], ARGV[2]
if (redis.call('HGET', KEYS[1], 'rev') or '0') ~= revision then
  return 0
end

local fields, sends = tonumber(ARGV[8]), tonumber(ARGV[9])
local next_revision = tonumber(revision) + 1
local first_send = 10 + 2 * fields
local first_fact = first_send + sends

redis.call('HSET', KEYS[1], 'rev', next_revision, unpack(ARGV, 10, first_send - 1))
if sends > 0 then
  redis.call('SADD', KEYS[2], unpack(ARGV, first_send, first_fact - 1))
end
for i = first_fact, #ARGV do
  redis.call('RPUSH', KEYS[3], ARGV[i])
end

if KEYS[6] ~= KEYS[7] then
  redis.call('ZREM', KEYS[6], run_id)
end
if revision == '0' or KEYS[6] ~= KEYS[7] then
  redis.call('ZADD', KEYS[7], ARGV[4], run_id)
end
if revision == '0' then
  redis.call('ZADD', KEYS[8], ARGV[4], run_id)
end

if ARGV[5] == '' then
  redis.call('ZADD', KEYS[4], ARGV[3], run_id)
else
  redis.call('ZREM', KEYS[4], run_id)
  redis.call('ZADD', KEYS[5], ARGV[6], ARGV[7])
  redis.call('DEL', KEYS[2])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  redis.call('EXPIRE', KEYS[3], ARGV[5])
end
return next_revision
