-- Take the recovery that is pending, or keep it; finish it where it is done.
--
-- KEYS 1 watermark
-- ARGV 1 who · 2 for how many milliseconds · 3 "": claim it, else when it was asked for, and it is finished
-- Returns since when to recover and when that was asked for; nothing where there is none, or another has it.
--
-- A recovery that was asked for again while it went on stays: it begins anew.

local since = redis.call('HGET', KEYS[1], 'since')
if not since then
  return {}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local holder = redis.call('HGET', KEYS[1], 'holder')
local is_held = holder and holder ~= ARGV[1] and tonumber(redis.call('HGET', KEYS[1], 'until') or '0') > now
if is_held then
  return {}
end
local asked = redis.call('HGET', KEYS[1], 'asked_at') or '0'
if ARGV[3] == asked then
  redis.call('HDEL', KEYS[1], 'since', 'holder', 'until')
  return {}
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
return {since, asked}
