// Fetches the servers that tests and local clusters run against into .cache/servers; nothing on the machine changes.
// `node scripts/fetch-servers.mjs [nats] [redis] [cassandra]`, all when none is named. What is there already is left alone.
// Ends with 1 and a reason per server that is not to be had.
import { fetchCassandra } from './servers/cassandra.mjs';
import { reasonOf } from './servers/debian.mjs';
import { fetchNats } from './servers/nats.mjs';
import { fetchRedis } from './servers/redis.mjs';

const SERVERS = {
  nats: ['nats-server', fetchNats],
  redis: ['redis-server', fetchRedis],
  cassandra: ['Cassandra', fetchCassandra],
};

const asked = process.argv.slice(2);
for (const name of asked.length === 0 ? Object.keys(SERVERS) : asked) {
  if (SERVERS[name] === undefined) throw new Error(`${name}: must be one of ${Object.keys(SERVERS).join(', ')}`);
  const [title, fetch] = SERVERS[name];
  try {
    const found = await fetch();
    console.log(`${title}: ${found.jars ?? found.file ?? found}`);
  } catch (error) {
    console.error(`no ${title}: ${reasonOf(error)}`);
    process.exitCode = 1;
  }
}
