/** What every tier of the cluster looks like to the process that runs it, alone or beside the others. */
import type { Bus, DurableQueue, Fence, KeyValueStore, PairTerm, Replica } from '#cluster';
import type { Application, ClusterConfig } from '#config';
import type { Clock, Entropy, Log, Meter } from '#kernel';
import type { LocalSipNetwork } from '#sip/transport';
import type { HistoryStore } from '#store';
import type { LoopLateness } from './loop-watch.js';
import type { TierStores } from './stores.js';

/** The outside of a tier. A composition root chooses the drivers; nothing else knows which ones they are. */
export interface TierPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  /** How late the process runs; absent where nobody measures it, as in simulations. */
  readonly loop?: LoopLateness;
  /** What outlives the process, by configuration; absent: nothing does. */
  readonly stores?: TierStores;
  /** Joins SIP transports of one process without the kernel; absent between processes. */
  readonly sipNetwork?: LocalSipNetwork;
  /** The tier's state at the other half of its pair; absent for a node without one. */
  readonly replica?: (tier: string) => Replica;
  /** Present when the node is half of a pair. */
  readonly pair?: PairTerm;
  /** Present when the node is half of a pair: what comes in from and goes out to sockets asks it first. The bus is behind it already. */
  readonly fence?: Fence;
  /** A recorder's own queue and the history that it writes; absent in a process that keeps none. @throws Error that says what to change */
  readonly openQueue?: (recorder: Application) => Promise<DurableQueue>;
  readonly openHistory?: (recorder: Application) => Promise<HistoryStore>;
  /** Whether every tier of this process takes new work; for the HTTP port of the process. */
  readonly processReady?: () => boolean;
}

export interface Listening {
  /** Port id as in the configuration: sip, default, TCport, ... */
  readonly id: string;
  readonly transport: 'udp' | 'tcp' | 'tls' | 'http';
  readonly host: string;
  readonly port: number;
}

/** Operators' commands, answered over the bus at `cb.admin.<instance>`: name to handler. Throw an Error with a sentence that says what to change. */
export type AdminCommands = Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => object | Promise<object>>>;

export interface RunningTier {
  /** Unique in the cluster: `<application>` or `<application>/<tier>`. */
  readonly instance: string;
  readonly listening: readonly Listening[];
  readonly admin: AdminCommands;
  /** True while it takes new work. */
  ready(): boolean;
  /** Refuses new work, ends what is live within `deadlineMs`, and resolves. */
  drain(deadlineMs: number): Promise<void>;
  /** Frees every socket and timer. */
  close(): Promise<void>;
}

/** Each app's entry: starts the tier and resolves when every port listens. Rejects with an error that names the port and address. */
export type StartTier = (config: ClusterConfig, application: Application, ports: TierPorts) => Promise<RunningTier>;
