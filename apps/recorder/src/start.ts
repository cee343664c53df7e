/** Starts a recorder: the composition root of history (docs/specs/history.md). */
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { Heartbeat } from '#telephony';
import type { RunningTier, TierPorts } from '#tier';
import { History } from './machines/history.js';
import { userDataSpec } from './machines/user-data-spec.js';
import { historyCommands } from './services/admin.js';
import { HistoryQueries } from './services/history-queries.js';
import { Journal } from './services/journal.js';
import { planSources } from './services/plan.js';
import { Source } from './services/source.js';
import { VerdictIntake } from './services/verdicts.js';
import { Writer } from './services/writer.js';

/** @throws Error when there is no durable queue: a recorder never runs without (HR-05) */
export async function startRecorder(config: ClusterConfig, application: Application, ports: TierPorts): Promise<RunningTier> {
  const { name, geoLocation } = application;
  const log = ports.log.with({ subsystem: 'recorder', instance: name });
  const { openQueue, openHistory } = ports;
  if (openQueue === undefined || openHistory === undefined) throw new Error(`${name}: this process opens no durable queue and no history store`);
  const plan = planSources(config, application);
  const queue = await openQueue(application).catch((cause: Error) => {
    throw new Error(`${name} does not start without its durable queue: ${cause.message}`, { cause });
  });
  const store = await openHistory(application);
  const options = new OptionLookup(config, application);
  const userData = userDataSpec(options.list('adata-spec'));
  const history = new History({ switchName: config.switchName, userData, typeOf: (dn) => config.dns.get(dn)?.type });
  const journal = new Journal(queue, { ...ports, log });
  const writer = new Writer(history, { ...ports, log, queue, store });
  const client = { applicationName: name, password: options.text('client-password'), userData: userData.size > 0 };
  const sources = plan.map((each) => new Source(each, client, journal, log));
  const verdicts = new VerdictIntake(journal, geoLocation, ports);
  writer.start();
  verdicts.start();
  for (const source of sources) await source.start();
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>({ ...ports, log }, () => ({
    instance: name, node: name, tier: 'recorder', dataCentre: geoLocation, role: 'primary', bootEpoch, draining: false, load: history.state.calls,
  }));
  membership.start();
  return {
    instance: name,
    listening: [],
    admin: {
      'recorder show': () => ({
        ...history.state, queue: queue.length, connected: sources.filter(({ connected }) => connected).map(({ plan: each }) => each.name),
        away: sources.filter(({ connected }) => !connected).map(({ plan: each }) => each.name),
      }),
      ...historyCommands(new HistoryQueries(store), () => ports.clock.nowMs()),
    },
    ready: () => true,
    drain: async () => {},
    close: async () => {
      membership.close();
      for (const source of sources) source.close();
      verdicts.close();
      await journal.close();
      await writer.close();
      await queue.close();
      await writer.ended();
      await store.close();
    },
  };
}
