/** A connection to the nodes of one data centre, made when it is first asked for and again after it failed, with the tables in place. */
import cassandra, { type Client, type types } from 'cassandra-driver';
import { HistoryUnavailable } from '../port.js';
import { createKeyspace, createTable, MIGRATIONS, tableNamed, VERSION_TABLE } from './cassandra-schema.js';

export interface CassandraOptions {
  /** `host` or `host:port` of nodes in the own data centre. */
  readonly contactPoints: readonly string[];
  /** As Cassandra calls it. */
  readonly dataCentre: string;
  readonly keyspace: string;
  /** Copies in each data centre, for a keyspace that is made. */
  readonly replicas: ReadonlyMap<string, number>;
  readonly user?: string;
  readonly password?: string;
}

export interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

const CONNECT_MS = 1_000;
const ANSWER_MS = 4_000;
const HEARTBEAT_MS = 1_000;
const RECONNECT_MS_MIN = 200;
const RECONNECT_MS_MAX = 2_000;
/** A node that is slow is helped out by another one of its data centre. */
const SPECULATE_MS = 400;
/** Making tables waits for all nodes to agree. */
const SCHEMA_ANSWER_MS = 15_000;

export class CassandraSession {
  #client: Promise<Client> | undefined;
  #isClosed = false;

  constructor(private readonly options: CassandraOptions) {}

  /** @throws HistoryUnavailable */
  select(query: string, params: readonly unknown[], fetchSize: number): Promise<types.ResultSet> {
    return this.#try((client) => client.execute(query, [...params], { prepare: true, isIdempotent: true, fetchSize }));
  }

  /** The rows that follow a page. @throws HistoryUnavailable */
  async *rows(query: string, params: readonly unknown[], fetchSize: number): AsyncGenerator<types.Row> {
    const result = await this.select(query, params, fetchSize);
    try {
      for await (const row of result) yield row;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Statements of one partition. @throws HistoryUnavailable */
  async write(statements: readonly Statement[]): Promise<void> {
    const [only] = statements;
    if (only === undefined) return;
    await this.#try((client) => (statements.length === 1
      ? client.execute(only.query, [...only.params], { prepare: true, isIdempotent: true })
      : client.batch(statements.map(({ query, params }) => ({ query, params: [...params] })), { prepare: true, logged: false, isIdempotent: true })));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#client?.catch(() => undefined);
    await client?.shutdown();
  }

  async #try<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new HistoryUnavailable('the history store is closed');
    try {
      return await work(await this.#connected());
    } catch (error) {
      throw unavailable(error);
    }
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const client = new cassandra.Client(this.#clientOptions());
    try {
      await client.connect();
      await this.#migrate(client);
      return client;
    } catch (error) {
      await client.shutdown().catch(() => undefined);
      throw error;
    }
  }

  #clientOptions(): cassandra.ClientOptions {
    const { contactPoints, dataCentre, user, password } = this.options;
    const { reconnection, speculativeExecution } = cassandra.policies;
    return {
      contactPoints: [...contactPoints],
      localDataCenter: dataCentre,
      ...(user === undefined ? {} : { credentials: { username: user, password: password ?? '' } }),
      queryOptions: { consistency: cassandra.types.consistencies.localQuorum },
      socketOptions: { connectTimeout: CONNECT_MS, readTimeout: ANSWER_MS },
      pooling: { heartBeatInterval: HEARTBEAT_MS },
      policies: {
        reconnection: new reconnection.ExponentialReconnectionPolicy(RECONNECT_MS_MIN, RECONNECT_MS_MAX, false),
        speculativeExecution: new speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATE_MS, 1),
      },
    };
  }

  async #migrate(client: Client): Promise<void> {
    const { keyspace, replicas } = this.options;
    const make = (query: string): Promise<unknown> => client.execute(query, [], { readTimeout: SCHEMA_ANSWER_MS });
    if (client.metadata.keyspaces[keyspace] === undefined) await make(createKeyspace(keyspace, replicas));
    if (await client.metadata.getTable(keyspace, VERSION_TABLE) === null) {
      await make(createTable(keyspace, `${tableNamed(VERSION_TABLE)} (what text PRIMARY KEY, version int)`));
    }
    const versions = `${keyspace}.${VERSION_TABLE}`;
    const held = (await client.execute(`SELECT version FROM ${versions} WHERE what = 'history'`)).first();
    const version = (held?.['version'] as number | undefined) ?? 0;
    if (version > MIGRATIONS.length) {
      throw new Error(`keyspace ${keyspace} was written by a newer version (its schema is ${version}, known are ${MIGRATIONS.length})`);
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      for (const statement of migration(tableNamed)) await make(createTable(keyspace, statement));
      await client.execute(`INSERT INTO ${versions} (what, version) VALUES ('history', ${index + 1}) USING TIMESTAMP ${index + 1}`);
    }
  }
}

/** Errors of the server that a later attempt may not meet. */
const PASSING = ['unavailableException', 'overloaded', 'isBootstrapping', 'truncateError', 'writeTimeout', 'readTimeout', 'readFailure', 'writeFailure',
  'serverError'] as const;

function unavailable(error: unknown): unknown {
  const { responseErrorCodes } = cassandra.types;
  if (error instanceof cassandra.errors.ResponseError && !PASSING.some((name) => responseErrorCodes[name] === error.code)) return error;
  if (!(error instanceof cassandra.errors.DriverError)) return error;
  return new HistoryUnavailable(`the history store does not answer: ${error.message}`, { cause: error });
}
