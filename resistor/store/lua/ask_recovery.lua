-- Note that the store has to be recovered, from a time on; and that this daemon knows.
--
-- KEYS 1 watermark · 2 this daemon's mark
-- ARGV 1 the mark to go on from ("": as it is) · 2 since when, in milliseconds · 3 TTL of the mark in seconds
-- Returns 1 where a recovery is pending by now, 0 where this is done already.
--
-- Each daemon notices the same by itself. What was asked for after the time that is asked for now, from no
-- later on, is this one: that word would not be here if the store had gone back behind it. The earliest time
-- counts. Whoever recovers at this moment begins again when it is done.

local SLACK = 5000 -- milliseconds that two daemons' memories differ by

if ARGV[1] ~= '' then
  redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3])
end
local since, asked_at = tonumber(ARGV[2]), redis.call('HGET', KEYS[1], 'asked_at')
local asked_since = tonumber(redis.call('HGET', KEYS[1], 'asked_since') or '0')
local is_known = asked_at and since <= tonumber(asked_at) and asked_since <= since + SLACK
if is_known then
  return redis.call('HEXISTS', KEYS[1], 'since')
end
local pending = redis.call('HGET', KEYS[1], 'since')
if not pending or since < tonumber(pending) then
  redis.call('HSET', KEYS[1], 'since', ARGV[2])
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'asked_at', now, 'asked_since', ARGV[2])
return 1
