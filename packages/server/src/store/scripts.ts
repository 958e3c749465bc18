/**
 * What runs inside of Redis, each as one step: whatever other instances do at the same time comes before or after it. Times left are
 * those of its clock, the only one that all instances share.
 */

/**
 * KEYS: one for each limit. ARGV: points and milliseconds of each. Gives whether it was refused, then count and milliseconds left of each. A
 * refused request changes nothing, but that a window which a reload made shorter ends sooner.
 */
const count = `
local counts, lefts, refused = {}, {}, 0
for i, key in ipairs(KEYS) do
  local window = tonumber(ARGV[2 * i])
  local count, left = tonumber(redis.call('GET', key) or 0), redis.call('PTTL', key)
  if left == -1 or left > window then
    redis.call('PEXPIRE', key, window)
    left = window
  elseif left <= 0 then
    count, left = 0, window
  end
  if count >= tonumber(ARGV[2 * i - 1]) then refused = 1 end
  counts[i], lefts[i] = count, left
end
local told = { refused }
for i, key in ipairs(KEYS) do
  if refused == 0 then
    if counts[i] == 0 then redis.call('SET', key, 1, 'PX', lefts[i]) else redis.call('INCR', key) end
    counts[i] = counts[i] + 1
  end
  told[#told + 1] = counts[i]
  told[#told + 1] = lefts[i]
end
return told`

/** Now, in milliseconds of the clock of Redis. */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * KEYS: a sorted set of the pauses that run, by their end. ARGV: a pause, its milliseconds, the channel, the message for it, the
 * number of pauses to keep. An end that is known and later stays.
 */
const pause = `${now}
local ends = now + tonumber(ARGV[2])
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not known or tonumber(known) < ends then redis.call('ZADD', KEYS[1], ends, ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[5]))
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], math.max(1, tonumber(last[2]) - now))
return redis.call('PUBLISH', ARGV[3], ARGV[4])`

/** KEYS: that sorted set. ARGV: how many pauses at most. Gives pauses, each followed by the milliseconds that are left of it. */
const pauses = `${now}
local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. now, 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[1]))
for i = 2, #found, 2 do found[i] = math.ceil(tonumber(found[i]) - now) end
return found`

/**
 * KEYS: those of one cache, the most wanted first. Gives the number and the text of the first that is there: the others need not travel,
 * and it takes no other right than what counting takes.
 */
const find = `
for i, key in ipairs(KEYS) do
  local value = redis.pcall('GET', key)
  if type(value) == 'string' then return { i, value } end
end
return false`

/** KEYS: one that is written and forgotten: what a login without the rights for scripts and keys, or a replica, does not let happen. */
const probe = `return redis.call('SET', KEYS[1], 1, 'PX', 1000)`

/** The commands that they become. */
export const scripts = {
  llmproxyCount: { lua: count },
  llmproxyFind: { lua: find },
  llmproxyPause: { lua: pause, numberOfKeys: 1 },
  llmproxyPauses: { lua: pauses, numberOfKeys: 1 },
  llmproxyProbe: { lua: probe, numberOfKeys: 1 },
} as const

type Word = string | number

/** What ioredis makes of {@link scripts}. */
export interface ScriptCommands {
  llmproxyCount(keys: number, ...keysAndArguments: readonly Word[]): Promise<unknown>
  llmproxyFind(keys: number, ...words: readonly string[]): Promise<unknown>
  llmproxyPause(key: string, ...words: readonly Word[]): Promise<unknown>
  llmproxyPauses(key: string, most: number): Promise<unknown>
  llmproxyProbe(key: string): Promise<unknown>
}
