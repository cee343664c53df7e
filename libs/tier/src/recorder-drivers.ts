/** Where a recorder keeps what it hears: its durable queue, and the history. Files of one recorder stand in a folder of its own. */
import { join, resolve } from 'node:path';
import type { DurableQueue } from '#cluster';
import { type Application, type ClusterConfig, type HistoryConfig, OptionLookup } from '#config';
import type { Clock, Meter } from '#kernel';
import type { HistoryStore } from '#store';

export interface RecorderDrivers {
  openQueue(recorder: Application): Promise<DurableQueue>;
  openHistory(recorder: Application): Promise<HistoryStore>;
}

/** A queue of that name in the JetStream stream of that name; absent without NATS. */
export type OpenStreamQueue = (stream: string, queue: string) => Promise<DurableQueue>;

type CassandraConfig = Extract<HistoryConfig, { driver: 'cassandra' }>;

/** How long records stay. */
interface Kept {
  readonly retentionMs?: number;
  readonly nowMs: () => number;
}

export interface RecorderDriverPorts {
  readonly clock: Clock;
  readonly meter: Meter;
}

const DAY_MS = 86_400_000;

export function recorderDrivers(
  config: ClusterConfig, { clock, meter }: RecorderDriverPorts, streamQueue: OpenStreamQueue | undefined,
): RecorderDrivers {
  return {
    openQueue: async (recorder) => {
      if (streamQueue !== undefined) return streamQueue(`history-${recorder.geoLocation}`, recorder.name);
      const { SqliteQueue } = await import('#cluster/sqlite');
      return SqliteQueue.open(join(folderOf(config, recorder), 'queue.db'));
    },
    openHistory: async (recorder) => {
      const { history } = config.stores;
      const days = new OptionLookup(config, recorder).number('history-retention');
      const kept = { nowMs: () => clock.nowMs(), ...(days === 0 ? {} : { retentionMs: days * DAY_MS }) };
      if (history.driver === 'cassandra') return openCassandra(history, recorder.geoLocation, meter, kept);
      const { SqliteHistoryStore } = await import('#store/sqlite');
      return SqliteHistoryStore.open({ file: resolve(folderOf(config, recorder), history.file), ...kept });
    },
  };
}

/** One cluster over all data centres; a recorder asks the nodes of its own. */
async function openCassandra(history: CassandraConfig, dataCentre: string, meter: Meter, kept: Kept): Promise<HistoryStore> {
  const { CassandraHistoryStore } = await import('#store/cassandra');
  const { keyspace, dataCentres, user, password } = history;
  return new CassandraHistoryStore({
    keyspace, dataCentre, contactPoints: dataCentres.get(dataCentre)?.contactPoints ?? [], meter, ...kept,
    replicas: new Map([...dataCentres].map(([name, { replicas }]) => [name, replicas])),
    ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }),
  });
}

/** By name and address, so that two clusters from one file do not share it. */
function folderOf(config: ClusterConfig, recorder: Application): string {
  const directory = new OptionLookup(config, recorder).text('state-directory');
  return join(resolve(config.directory, directory === '' ? 'state' : directory), `${recorder.name}@${recorder.host.replaceAll(':', '_')}`);
}
