-- Who is there, and how many viewers each swarm has at each node.
--
-- KEYS  the nodes (when each is taken for gone, in seconds), their swarms
-- ARGV  the node; seconds after which it is taken for gone; its swarms

local now = tonumber(redis.call('TIME')[1])
local me, life = ARGV[1], tonumber(ARGV[2])

redis.call('HSET', KEYS[1], me, now + life)
redis.call('HSET', KEYS[2], me, ARGV[3])

local others = {}
local nodes = redis.call('HGETALL', KEYS[1])
for n = 1, #nodes, 2 do
  local node, ends = nodes[n], tonumber(nodes[n + 1]) or 0
  if ends <= now then
    redis.call('HDEL', KEYS[1], node)
    redis.call('HDEL', KEYS[2], node)
  elseif node ~= me then
    others[#others + 1] = redis.call('HGET', KEYS[2], node) or ''
  end
end

redis.call('EXPIRE', KEYS[1], life)
redis.call('EXPIRE', KEYS[2], life)
return others
