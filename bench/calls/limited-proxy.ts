/**
 * The proxy's own process with call limits in force when it says that it is ready: what a console's restore writes is in its buckets before it starts.
 * Arguments: `none` or `full`, then those of the proxy.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CountingMeter } from '#kernel';
import { ANI_MAX, RULES_MAX } from '#limits';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import { applicationsOf, type ClusterProcess, metricsText, openProcess, processOptions, startApplication } from '#tier';
import { startSipProxy } from '../../apps/sip-proxy/src/index.js';
import { manyAnis, manyRules } from './limits-load.js';

const CONSOLE = 4_000;
const POLL_MS = 50;

async function restore({ ports }: ClusterProcess, dataCentre: string): Promise<void> {
  const repository = new LimitsRepository({ dataCentre, dataCentres: [dataCentre] }, { ...ports, meter: new CountingMeter() });
  repository.start();
  while (repository.unread.length > 0) await pause(POLL_MS);
  const changes = new LimitsChanges(repository, CONSOLE, { ...ports, proxies: () => [] });
  await changes.restore({ name: 'bench' }, { mode: 'dnis', rules: manyRules(), ani: [...manyAnis()] });
  repository.close();
}

/** Until the proxy's own figures say so. */
async function inForce({ ports }: ClusterProcess): Promise<void> {
  for (;;) {
    const text = await metricsText(ports.meter);
    if (text.includes(`limits_rules ${RULES_MAX}\n`) && text.includes(`limits_blocked_anis ${ANI_MAX}\n`)) return;
    await pause(POLL_MS);
  }
}

const [limits, ...argv] = process.argv.slice(2);
const running = await openProcess(processOptions(argv, ''));
for (const application of applicationsOf(running.config, undefined, 'sip-proxy')) {
  if (limits === 'full') await restore(running, application.geoLocation);
  await startApplication(running, application, [startSipProxy]);
  if (limits === 'full') await inForce(running);
}
global.gc?.();
console.log('ready');
process.exit(await running.stopped);
