-- Keep versions of workflows, and say which of them are offered to new runs: all of it, or nothing.
--
-- KEYS 1 versions · 2 offers · 3 revision
-- ARGV 1 number of versions, then name, digest, source of each
--      then workflow, offered versions as JSON ("": it is withdrawn) …
-- Returns the catalogue's revision, then for each version the digest that is kept, and 1 where it is new.
--
-- A version never changes: where one is there with another digest, nothing is written. The revision moves
-- where something else is there now than was before, so a repeat moves nothing.

local first_offer = 2 + 3 * ARGV[1]
local answer, is_conflict = {}, false
for i = 2, first_offer - 1, 3 do
  local kept = redis.call('HGET', KEYS[1], ARGV[i])
  local digest = kept and string.match(kept, '^[^\n]*')
  answer[#answer + 1] = digest or ARGV[i + 1]
  answer[#answer + 1] = kept and 0 or 1
  is_conflict = is_conflict or (kept and digest ~= ARGV[i + 1])
end

local changes = 0
if is_conflict then
  for i = 2, #answer, 2 do
    answer[i] = 0
  end
else
  for i = 2, first_offer - 1, 3 do
    changes = changes + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1] .. '\n' .. ARGV[i + 2])
  end
  for i = first_offer, #ARGV, 2 do
    if ARGV[i + 1] == '' then
      changes = changes + redis.call('HDEL', KEYS[2], ARGV[i])
    elseif redis.call('HGET', KEYS[2], ARGV[i]) ~= ARGV[i + 1] then
      redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
      changes = changes + 1
    end
  end
end
if changes > 0 then
  redis.call('INCR', KEYS[3])
end
table.insert(answer, 1, redis.call('GET', KEYS[3]) or '0')
return answer
