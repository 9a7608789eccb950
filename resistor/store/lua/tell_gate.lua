-- Note that these know that they pass.
--
-- KEYS 1 gate · 2 inside · 3 outside · 4 telling · 5 gates
-- ARGV 1 gate's name · then members …

for i = 2, #ARGV do
  redis.call('ZREM', KEYS[4], ARGV[i])
end
look_again(ARGV[1], clock())
