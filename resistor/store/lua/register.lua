-- Keep a workflow's version, unless the same version is there already.
--
-- KEYS 1 workflows
-- ARGV 1 `<namespace>/<workflow>@<version>` · 2 digest, a newline, the definition as canonical JSON
-- Returns what is kept under that name: this, or what was there before.

redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
