/**
 * Versions of the keyspace's tables, in order. What was published is never changed: a change is a further entry, and may be run twice
 * and by several recorders at once.
 *
 * Every table holds records whole, in partitions of an hour. A row's write time is the record's version, so Cassandra itself keeps the
 * version that `wins`: the later write time, of equal ones the greater text.
 */
import { createHash } from 'node:crypto';

const RECORDS = 'at_ms bigint, key text, record text';
const NEWEST_FIRST = 'CLUSTERING ORDER BY (at_ms DESC, key DESC)';
/** The kinds of one call, DN or agent lie together, so that they are written together. */
const BY_KIND = 'CLUSTERING ORDER BY (kind ASC, at_ms DESC, key DESC)';

export const MIGRATIONS: readonly ((table: (name: string) => string) => readonly string[])[] = [
  (table) => [
    `${table('record_by_time')} (kind text, hour int, ${RECORDS}, PRIMARY KEY ((kind, hour), at_ms, key)) WITH ${NEWEST_FIRST}`,
    `${table('record_by_dn')} (dn text, hour int, kind text, ${RECORDS}, PRIMARY KEY ((dn, hour), kind, at_ms, key)) WITH ${BY_KIND}`,
    `${table('record_by_agent')} (agent text, hour int, kind text, ${RECORDS}, PRIMARY KEY ((agent, hour), kind, at_ms, key)) WITH ${BY_KIND}`,
    `${table('record_by_connid')} (connid text, kind text, ${RECORDS}, PRIMARY KEY ((connid), kind, at_ms, key)) WITH ${BY_KIND}`,
    // Which partitions there are: of a kind by time (term empty), of a DN (d:7001), of an agent (a:agent7001).
    `${table('hour_by_term')} (kind text, term text, hour int, PRIMARY KEY ((kind, term), hour)) WITH CLUSTERING ORDER BY (hour DESC)`,
  ],
];

export const VERSION_TABLE = 'schema_version';

export function createKeyspace(keyspace: string, replicas: ReadonlyMap<string, number>): string {
  const sites = [...replicas].map(([dataCentre, count]) => `'${dataCentre}': ${count}`).join(', ');
  return `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${sites}}`;
}

/** The statement that makes a table, with an id of its own: two nodes that make it at once then make the same one. */
export function createTable(keyspace: string, statement: string): string {
  const [, name] = /^CREATE TABLE IF NOT EXISTS (\w+) /.exec(statement) ?? [];
  const more = statement.includes(' WITH ') ? 'AND' : 'WITH';
  return `${statement.replace(`EXISTS ${name}`, `EXISTS ${keyspace}.${name}`)} ${more} ID = ${idOf(`${keyspace}.${name}`)}`;
}

export const tableNamed = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name}`;

/** A UUID made of a name (RFC 9562 §5.8). */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex').slice(0, 32).split('');
  hex[12] = '8';
  hex[16] = '8';
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
