-- Ask for a slot of a concurrency key for one run.
--
-- KEYS 1 holders · 2 queue · 3 leaving
-- ARGV 1 run id · 2 how many slots there are · 3 where none is free: `queue`, `reject` or `cancel_running`
-- Returns `granted`, `queued` or `denied`, then the runs that must be cancelled for it.
--
-- A slot is free for a run where all that are before it in the queue have one too, so that nobody overtakes.
-- Asked again, a run keeps what it has: its slot, its place in the queue; those that must be cancelled are
-- named until they release. A run whose slot was taken away is told that it has one: its end is on its way.

local run, limit, on_conflict = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local function append(key, member)
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or 0
  redis.call('ZADD', key, 'NX', last + 1, member)
end

if redis.call('ZSCORE', KEYS[3], run) then
  return {'granted'}
end
if not redis.call('ZSCORE', KEYS[1], run) then
  local held = redis.call('ZCARD', KEYS[1])
  local before = redis.call('ZRANK', KEYS[2], run) or redis.call('ZCARD', KEYS[2])
  if held + before >= limit and on_conflict == 'reject' then
    return {'denied'}
  end
  if held + before >= limit and on_conflict == 'queue' then
    append(KEYS[2], run)
    return {'queued'}
  end
  if held >= limit then
    for _, oldest in ipairs(redis.call('ZRANGE', KEYS[1], 0, held - limit)) do
      redis.call('ZREM', KEYS[1], oldest)
      append(KEYS[3], oldest)
    end
  end
  redis.call('ZREM', KEYS[2], run)
  append(KEYS[1], run)
end
local answer = on_conflict == 'cancel_running' and redis.call('ZRANGE', KEYS[3], 0, -1) or {}
table.insert(answer, 1, 'granted')
return answer
