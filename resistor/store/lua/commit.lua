-- Write one run's step forward, whole, if nobody else was faster.
--
-- KEYS 1 run · 2 outbox · 3 history · 4 due · 5 expiring
--      6 index of the status it had · 7 index of the status it has · 8 index of its workflow
-- ARGV 1 run id · 2 revision it was read at ("0": it must not exist)
--      3 when to look at it again while something is unconfirmed · 4 when, once nothing is · 5 started at
--      6 TTL in seconds ("": it is open) · 7 when to forget it · 8 its entry in expiring
--      9 number of hash fields · 10 number of steps to send · 11 number of steps that are answered
--      then field, value … · steps to send … · steps that are answered … · facts …
-- Returns the new revision, or 0 where the run is at another one.
--
-- Values are opaque: nothing here reads a payload. Run again with the same arguments it changes nothing,
-- because the revision has moved on. One call an item, never unpack: there may be thousands.

local run_id, revision = ARGV[1], ARGV[2]
if (redis.call('HGET', KEYS[1], 'rev') or '0') ~= revision then
  return 0
end

local next_revision = tonumber(revision) + 1
local first_field = 12
local first_send = first_field + 2 * tonumber(ARGV[9])
local first_answered = first_send + tonumber(ARGV[10])
local first_fact = first_answered + tonumber(ARGV[11])

redis.call('HSET', KEYS[1], 'rev', next_revision)
for i = first_field, first_send - 1, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = first_answered, first_fact - 1 do
  redis.call('HDEL', KEYS[2], ARGV[i])
end
for i = first_send, first_answered - 1 do
  redis.call('HSET', KEYS[2], ARGV[i], next_revision)
end
for i = first_fact, #ARGV do
  redis.call('RPUSH', KEYS[3], ARGV[i])
end

if KEYS[6] ~= KEYS[7] then
  redis.call('ZREM', KEYS[6], run_id)
end
if revision == '0' or KEYS[6] ~= KEYS[7] then
  redis.call('ZADD', KEYS[7], ARGV[5], run_id)
end
if revision == '0' then
  redis.call('ZADD', KEYS[8], ARGV[5], run_id)
  -- A run of the same id may have been here, finished, and gone by its TTL.
  redis.call('ZREM', KEYS[5], ARGV[8])
end

if ARGV[6] ~= '' then
  redis.call('ZREM', KEYS[4], run_id)
  redis.call('ZADD', KEYS[5], ARGV[7], ARGV[8])
  redis.call('DEL', KEYS[2])
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  redis.call('EXPIRE', KEYS[3], ARGV[6])
elseif redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('ZADD', KEYS[4], math.min(ARGV[3], ARGV[4]), run_id)
else
  redis.call('ZADD', KEYS[4], ARGV[4], run_id)
end
return next_revision
