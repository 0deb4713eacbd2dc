-- Common ground: the switch, the key of the addresses' numbers, the secret of join tokens.
--
-- KEYS  the switch, the key, the secret
-- ARGV  the version of the switch that the node knows; its key and how long that lives (ms); its secret, empty if
--       it needs none in common; then its changes: field, time, node, word

for n = 5, #ARGV, 4 do
  local field, at, node, word = ARGV[n], ARGV[n + 1], ARGV[n + 2], ARGV[n + 3]
  local held = redis.call('HGET', KEYS[1], field)
  local held_at, held_node = string.match(held or '', '^(%d+) (%x+) ')
  local later = not held_at or tonumber(held_at) < tonumber(at)
  if later or (tonumber(held_at) == tonumber(at) and held_node < node) then
    redis.call('HSET', KEYS[1], field, at .. ' ' .. node .. ' ' .. word)
    redis.call('HINCRBY', KEYS[1], '#', 1)
  end
end

local version = redis.call('HGET', KEYS[1], '#') or '0'
local switch = {}
if version ~= ARGV[1] then
  switch = redis.call('HGETALL', KEYS[1])
end

redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3])

local secret = false
if ARGV[4] ~= '' then
  redis.call('SETNX', KEYS[3], ARGV[4])
  secret = redis.call('GET', KEYS[3])
end

return { version, switch, redis.call('GET', KEYS[2]), redis.call('PTTL', KEYS[2]), secret }
