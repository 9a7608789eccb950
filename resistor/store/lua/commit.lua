-- Write one run's step forward, whole, if nobody else was faster.
--
-- KEYS 1 run · 2 outbox · 3 timers · 4 due · 5 history · 6 expiring · 7 labels
--      8 index of the status it had · 9 index of the status it has · 10 index of its workflow
--      11 … indexes of its labels (of a new run; of others none)
-- ARGV 1 run id · 2 revision it was read at ("0": it must not exist)
--      3 when to look at it again, once nothing is unconfirmed · 4 when already, while something is
--      5 started at, in whole milliseconds · 6 TTL in seconds ("": it is open)
--      7 when to forget it, in whole seconds · 8 its entry in expiring
--      9 its labels as JSON ("": it has none, or is open)
--      10 what the last commit must go by ("": whatever it was)
--      numbers: 11 of hash fields · 12 of fields to drop · 13 of outgoing messages that are settled
--      14 of those to send · 15 of timers · 16 of timers to drop
--      then field, value … (`rev` and `by` are two) · fields to drop … · settled … · to send … · when, address …
--      · timers to drop … · facts …
-- Returns the new revision, or 0 where the run is at another one.
--
-- Values are opaque: nothing here reads a payload. Run again with the same arguments it changes nothing,
-- because the revision has moved on.

local AT_ONCE = 1000 -- values in one call: there may be thousands, and unpack takes some 8,000

local run_id, revision = ARGV[1], ARGV[2]
local found = redis.call('HMGET', KEYS[1], 'rev', 'by')
if (found[1] or '0') ~= revision then
  return 0
end
if ARGV[10] ~= '' and found[2] ~= ARGV[10] then
  return 0 -- the store went back, and somebody else has come to the same revision another way
end

local next_revision = revision + 1
local first_field = 17
local first_dropped = first_field + 2 * ARGV[11]
local first_settled = first_dropped + ARGV[12]
local first_send = first_settled + ARGV[13]
local first_timer = first_send + ARGV[14]
local first_dropped_timer = first_timer + 2 * ARGV[15]
local first_fact = first_dropped_timer + ARGV[16]

for i = first_field, first_dropped - 1, AT_ONCE do
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + AT_ONCE, first_dropped) - 1))
end
for i = first_dropped, first_settled - 1 do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = first_settled, first_send - 1 do
  redis.call('HDEL', KEYS[2], ARGV[i])
end
local is_pressing = redis.call('EXISTS', KEYS[2]) == 1
for i = first_send, first_timer - 1 do
  redis.call('HSET', KEYS[2], ARGV[i], next_revision .. ' ' .. ARGV[4])
end
for i = first_timer, first_dropped_timer - 1, 2 do
  redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i + 1])
end
for i = first_dropped_timer, first_fact - 1 do
  redis.call('ZREM', KEYS[3], ARGV[i])
end
for i = first_fact, #ARGV, AT_ONCE do
  redis.call('RPUSH', KEYS[5], unpack(ARGV, i, math.min(i + AT_ONCE - 1, #ARGV)))
end

if KEYS[8] ~= KEYS[9] then
  redis.call('ZREM', KEYS[8], run_id)
end
if revision == '0' or KEYS[8] ~= KEYS[9] then
  redis.call('ZADD', KEYS[9], ARGV[5], run_id)
end
if revision == '0' then
  for i = 10, #KEYS do
    redis.call('ZADD', KEYS[i], ARGV[5], run_id)
  end
  -- A run of the same id may have been here, finished, and gone by its TTL.
  redis.call('ZREM', KEYS[6], ARGV[8])
end

local is_final = ARGV[6] ~= ''
if revision ~= '0' and not is_final and KEYS[8] ~= KEYS[9] then
  -- It may have been over, and goes on: an operator retries it.
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[2])
  redis.call('PERSIST', KEYS[5])
  redis.call('ZREM', KEYS[6], ARGV[8])
end
if is_final then
  redis.call('ZADD', KEYS[6], ARGV[7], ARGV[8])
  redis.call('DEL', KEYS[3])
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  redis.call('EXPIRE', KEYS[2], ARGV[6])
  redis.call('EXPIRE', KEYS[5], ARGV[6])
end
if ARGV[9] ~= '' then
  -- Lines of a former run of this id stay: it may have had other labels, whose indexes have it still.
  local kept = redis.call('HGET', KEYS[7], run_id)
  if not kept then
    redis.call('HSET', KEYS[7], run_id, ARGV[9])
  elseif not string.find('\n' .. kept .. '\n', '\n' .. ARGV[9] .. '\n', 1, true) then
    redis.call('HSET', KEYS[7], run_id, kept .. '\n' .. ARGV[9])
  end
end
local is_confirmed = not is_pressing and first_send == first_timer
look_again(run_id, is_final, ARGV[3], ARGV[4], '-inf', is_pressing, is_confirmed)
return next_revision
