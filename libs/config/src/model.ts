/**
 * The switch as operators write it, validated and with every range expanded. Option names are Genesys' own
 * (tlibrary §11); an option is looked up DN over application over cluster over default.
 */

export interface ClusterConfig {
  /** File it was read from, for messages. */
  readonly file: string;
  readonly switchName: string;
  /** FQDN under which phones and carriers find the cluster by SRV; in Record-Route, Via and Contact (DNS-01, PRX-13). */
  readonly accessPoint: string;
  /** FQDN with address records for devices without SRV (DNS-07). */
  readonly externalContact: string;
  readonly options: Options;
  /** Nodes. The second half of a pair is none of its own: it stands in `backups`. */
  readonly applications: readonly Application[];
  /** The second halves of pairs, each called as its node and with its own host and ports (docs/specs/pairs.md). */
  readonly backups: readonly Application[];
  readonly dns: ReadonlyMap<string, DnConfig>;
  readonly persons: ReadonlyMap<string, Person>;
  readonly bus: BusConfig;
  readonly stores: StoresConfig;
  /** Base directory for certificates and state, absolute. */
  readonly directory: string;
  /** The address that stands in for every `host` of the file, when the process was told one. */
  readonly listen?: string | undefined;
}

export type Options = ReadonlyMap<string, string>;

export type ApplicationType = 'sip-proxy' | 'sip-server' | 'vq-server' | 'router' | 'dns-server' | 'console' | 'recorder';

export interface Application {
  /** Of the node: both halves of a pair are called as the first. */
  readonly name: string;
  readonly type: ApplicationType;
  /** Data-centre label. */
  readonly geoLocation: string;
  /** Address its listeners bind, and under which the cluster reaches it. */
  readonly host: string;
  /** Name in DNS, `<name>.<access point>` when not given; SRV targets (DNS-06). */
  readonly hostName: string;
  /** Port ids as operators write them: sip, sips, default, TCport, IPport, SmartProxy, http, dns. Only what is configured listens. */
  readonly ports: ReadonlyMap<string, number>;
  /** 1 to 4095, unique; the first digits of every ConnID of a sip-server. */
  readonly serverId: number;
  readonly options: Options;
  /** Type-specific: a router's routing points. */
  readonly routingPoints: readonly string[];
  /** A console's. None: everybody on loopback is an admin, or who has the option `api-key`. */
  readonly apiKeys?: readonly ApiKey[];
  /** Present on both halves of a pair. */
  readonly pair?: PairPlace;
}

export interface ApiKey {
  /** In the audit. */
  readonly name: string;
  /** Of the key, in lower-case hex. */
  readonly sha256: string;
  /** A viewer reads. */
  readonly role: 'admin' | 'viewer';
  /** Rules and records of these alone; absent: all. */
  readonly divisions?: readonly string[];
}

/** Where an application stands in its pair. */
export interface PairPlace {
  /** The second half, the one that `backup-of` made. Says nothing of who is primary. */
  readonly isBackup: boolean;
  readonly own: PairHalf;
  readonly other: PairHalf;
}

/** One of the two processes of a node. */
export interface PairHalf {
  /** The application's name in the file. */
  readonly process: string;
  readonly host: string;
  readonly ports: ReadonlyMap<string, number>;
}

export type DnType = 'Extension' | 'RoutingPoint' | 'VirtualQueue' | 'Trunk';

export interface DnConfig {
  readonly number: string;
  readonly type: DnType;
  /** `contact`, `password`, `prefix`, `priority`, `geo-location`, ... */
  readonly options: Options;
}

export interface Person {
  readonly employeeId: string;
  readonly skills: ReadonlyMap<string, number>;
}

export interface BusConfig {
  readonly driver: 'memory' | 'nats';
  /** All data centres on one cluster of servers; empty when each has its own. */
  readonly servers: readonly string[];
  /** Each data centre with servers of its own, joined by leafnodes. Empty when `servers` serve all. */
  readonly dataCentres: ReadonlyMap<string, BusSite>;
}

export interface BusSite {
  readonly servers: readonly string[];
  /** JetStream domain of these servers. */
  readonly domain: string;
}

export interface StoresConfig {
  readonly location: SharedStoreConfig;
  readonly limiter: SharedStoreConfig;
  readonly history: HistoryConfig;
}

export interface SharedStoreConfig {
  readonly driver: 'memory' | 'redis';
  /** Redis URL of each data centre; may hold a password. */
  readonly dataCentres: ReadonlyMap<string, string>;
}

export type HistoryConfig =
  | { readonly driver: 'sqlite'; /** Relative to the configuration's directory. */ readonly file: string }
  | {
    readonly driver: 'cassandra';
    readonly keyspace: string;
    /** By the names that Cassandra and the applications have in common. */
    readonly dataCentres: ReadonlyMap<string, { readonly contactPoints: readonly string[]; readonly replicas: number }>;
    readonly user: string | undefined;
    readonly password: string | undefined;
  };
