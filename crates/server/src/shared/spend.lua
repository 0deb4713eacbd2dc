-- The limits of addresses: adds what a node has given out, and tells what all have.
--
-- A bucket is kept as the moment (microseconds) at which it is full again; the record ends with it.
--
-- KEYS  the nodes, then one for each address
-- ARGV  the node; how long a record with sockets is kept (ms); microseconds of one introduction and of one announce;
--       then for each address: its sockets, introductions taken and owed, announces taken and owed

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local me, kept = ARGV[1], tonumber(ARGV[2]) * 1000
local period = { i = tonumber(ARGV[3]), a = tonumber(ARGV[4]) }

local alive = {}
local nodes = redis.call('HGETALL', KEYS[1])
for n = 1, #nodes, 2 do
  alive[nodes[n]] = tonumber(nodes[n + 1]) * 1000 > now
end

local all = {}
for n = 2, #KEYS do
  local key, at = KEYS[n], 5 + (n - 2) * 5
  local sockets = tonumber(ARGV[at])
  local full, elsewhere, gone = { i = now, a = now }, 0, {}
  local held = redis.call('HGETALL', key)
  for f = 1, #held, 2 do
    local name, value = held[f], tonumber(held[f + 1]) or 0
    if period[name] then
      full[name] = math.max(value, now)
    elseif name == me then
      if sockets == 0 then
        gone[#gone + 1] = name
      end
    elseif alive[name] then
      elsewhere = elsewhere + value
    else
      gone[#gone + 1] = name
    end
  end
  full.i = math.max(full.i + ARGV[at + 1] * period.i, now + ARGV[at + 2])
  full.a = math.max(full.a + ARGV[at + 3] * period.a, now + ARGV[at + 4])

  local ends = math.max(full.i, full.a)
  if sockets + elsewhere > 0 then
    ends = math.max(ends, now + kept)
  end
  if ends <= now then
    redis.call('DEL', key)
  else
    if #gone > 0 then
      redis.call('HDEL', key, unpack(gone))
    end
    local set = { 'i', string.format('%.0f', full.i), 'a', string.format('%.0f', full.a) }
    if sockets > 0 then
      set[5], set[6] = me, sockets
    end
    redis.call('HSET', key, unpack(set))
    redis.call('PEXPIRE', key, math.ceil((ends - now) / 1000))
  end
  all[#all + 1] = { elsewhere, full.i - now, full.a - now }
end
return all
