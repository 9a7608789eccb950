-- When a run must be looked at again: stands in front of commit, published and release, which all go by it.
--
-- KEYS 2 outbox · 3 timers · 4 due, in each of the three
--
-- An open run, at the first of: `check_at`; its first timer after `looked_at` ('-inf': any);
-- `unconfirmed_at`, while its outbox is not empty. A finished run, at `unconfirmed_at` while its outbox is
-- not empty (its parent must be told, a slot be given back); then never again, and its entry goes.
-- Scores are whole milliseconds, rounded up: compared as floating point numbers, a hundred of them in the
-- compact form that Redis has for few take ten times as long.
-- `is_pressing`: something else was unconfirmed before, so no later than it was: a run that is always busy would
-- put that off for ever. `is_confirmed`: the outbox is empty; nil where the caller does not know.

local function look_again(run_id, is_final, check_at, unconfirmed_at, looked_at, is_pressing, is_confirmed)
  if is_confirmed == nil then
    is_confirmed = redis.call('EXISTS', KEYS[2]) == 0
  end
  if is_final and is_confirmed then
    redis.call('ZREM', KEYS[4], run_id)
    return
  end
  local at = is_final and unconfirmed_at or check_at
  if not is_final then
    local first = redis.call('ZRANGEBYSCORE', KEYS[3], looked_at, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    at = math.min(at, first or at, is_confirmed and at or unconfirmed_at)
  end
  if is_pressing then
    at = math.min(at, (redis.call('ZSCORE', KEYS[4], run_id) or at * 1000) / 1000)
  end
  redis.call('ZADD', KEYS[4], math.floor(at * 1000 + 0.999), run_id)
end
