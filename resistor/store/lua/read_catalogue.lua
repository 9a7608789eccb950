-- Read the catalogue as it is at one moment.
--
-- KEYS 1 versions · 2 offers · 3 revision
-- Returns the revision; workflow, offered versions …; name, digest newline source …

return {
  redis.call('GET', KEYS[3]) or '0',
  redis.call('HGETALL', KEYS[2]),
  redis.call('HGETALL', KEYS[1]),
}
