/** Real servers as local processes, for tests, benches and local clusters. */

/** A server that runs as a child process of this one. */
export interface ServerProcess {
  /** Freezes it, as a hanging machine would. Resolves when no thread of it runs any more. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it at once; what it stored is kept for `restart`. */
  kill(): Promise<void>;
  /** Starts it again at the same address. Resolves when it is ready. */
  restart(): Promise<void>;
}

export interface NatsServer extends ServerProcess {
  /** `host:port` for clients. */
  readonly address: string;
  /** Ends it and removes what it stored. */
  close(): Promise<void>;
}

/** How a server is started; it serves when its output matches `ready`. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly ready: RegExp;
}

export const NATS_MINOR_MIN: number;
/** The path of a server that is new enough, or undefined. */
export function findNats(): string | undefined;
export function fetchNats(): Promise<string>;
export function startNats(options?: {
  readonly file?: string; readonly host?: string; readonly port?: number; readonly maxFileBytes?: number;
}): Promise<NatsServer>;

export interface RedisBinary {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RedisServer extends ServerProcess {
  /** With the password, when there is one. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Loses what it stored, between `kill` and `restart`. */
  forget(): void;
  /** Ends it and removes what it stored. */
  close(): Promise<void>;
}

export interface RedisOptions {
  readonly server?: RedisBinary;
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** A free one when absent. */
  readonly port?: number;
  /** Whether it keeps what it holds through `kill` and `restart`; yes when absent. */
  readonly appendOnly?: boolean;
  /** `always`: what it acknowledged is kept whatever happens; else what it acknowledged in the last seconds may be lost. */
  readonly fsync?: 'always' | 'everysec';
  readonly password?: string;
}

export function findRedis(): RedisBinary | undefined;
export function fetchRedis(): Promise<RedisBinary>;
export function startRedis(options?: RedisOptions): Promise<RedisServer>;

export function redisCommand(options: {
  readonly server: RedisBinary; readonly host: string; readonly port: number;
  /** Folder of its data, which exists. */
  readonly store: string;
  readonly appendOnly?: boolean; readonly fsync?: 'always' | 'everysec'; readonly password?: string;
}): ServerCommand;

export interface CassandraBinary {
  readonly java: string;
  /** Folder of its jars. */
  readonly jars: string;
}

export interface CassandraAddress {
  readonly dataCentre: string;
  readonly host: string;
  /** `host:port` for CQL. */
  readonly address: string;
}

export interface CassandraNode extends CassandraAddress, ServerProcess {}

export interface CassandraCluster {
  readonly nodes: readonly CassandraNode[];
  /** Ends every node and removes what it stored. */
  close(): Promise<void>;
}

export interface CassandraOptions {
  readonly server?: CassandraBinary;
  /** One in dc1 and one in dc2 when absent; free loopback addresses for those without `host`. */
  readonly nodes?: readonly { readonly dataCentre: string; readonly host?: string; readonly rack?: string }[];
  readonly heapMb?: number;
}

export function findCassandra(): CassandraBinary | undefined;
export function fetchCassandra(): Promise<CassandraBinary>;
export function startCassandra(options?: CassandraOptions): Promise<CassandraCluster>;

/** Writes the files of one node of a cluster of `count` into `folder`. Other nodes reach it at `broadcast`, by default at its host. */
export function prepareCassandra(options: {
  readonly server: CassandraBinary; readonly folder: string; readonly dataCentre: string; readonly host: string;
  readonly index: number; readonly count: number; readonly seeds: readonly string[];
  readonly broadcast?: string; readonly rack?: string; readonly heapMb?: number;
}): ServerCommand;

export interface SharedCassandra {
  readonly nodes: readonly CassandraAddress[];
  release(): void;
}

/** The cluster of this test run, one node in dc1 and one in dc2. Use a keyspace of your own, and do not stop its nodes. */
export function joinSharedCassandra(): Promise<SharedCassandra>;
export function endSharedCassandra(): Promise<void>;
