-- Who is there, and how many viewers each swarm has at each node.
--
-- KEYS  the nodes (when each is taken for gone, in milliseconds), their swarms
-- ARGV  the node; after how long it is taken for gone (ms); its swarms

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, life = ARGV[1], tonumber(ARGV[2])

redis.call('HSET', KEYS[1], me, string.format('%.0f', now + life))
redis.call('HSET', KEYS[2], me, ARGV[3])

-- Of each other node: how long ago it said so, and its swarms.
local others = {}
local nodes = redis.call('HGETALL', KEYS[1])
for n = 1, #nodes, 2 do
  local node, ends = nodes[n], tonumber(nodes[n + 1]) or 0
  if ends <= now then
    redis.call('HDEL', KEYS[1], node)
    redis.call('HDEL', KEYS[2], node)
  elseif node ~= me then
    local ago = math.max(0, now + life - ends)
    others[#others + 1] = { ago, redis.call('HGET', KEYS[2], node) or '' }
  end
end

redis.call('PEXPIRE', KEYS[1], life)
redis.call('PEXPIRE', KEYS[2], life)
return others
