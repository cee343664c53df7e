/** Chaos drills: `npx cordboard drill`. */
import { fileURLToPath } from 'node:url';
import { DRILL_USAGE, type DrillOptions, drillOptions } from './options.js';
import { drillNamed } from './machines/drills.js';
import { runDrill } from './run.js';
import { ComposeCluster } from './topology/compose.js';
import { LocalProcesses, runningCluster } from './topology/local-processes.js';
import type { Topology } from './topology/port.js';
import { startCluster } from './topology/start-cluster.js';

export { DRILL_USAGE } from './options.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const STATE = `${root}.cache/cluster/state.json`;
const CLUSTER = `${root}dist/infra/local/main.js`;

/** Answers the exit status: 0 passed. @throws Error with a sentence */
export async function main(argv: readonly string[]): Promise<number> {
  const options = drillOptions(argv);
  if (options === undefined) {
    console.log(DRILL_USAGE);
    return 0;
  }
  const drill = drillNamed(options.name);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const { topology, stop } = await open(options);
  try {
    const { calls, rate, seed, apiKey } = options;
    const { passed } = await runDrill({ drill, topology, calls, rate, seed, apiKey, interrupted, print: (line) => console.log(line) });
    return passed ? 0 : 1;
  } finally {
    await stop();
  }
}

async function open(options: DrillOptions): Promise<{ topology: Topology; stop: () => Promise<void> }> {
  if (options.compose !== undefined) return { topology: await ComposeCluster.open(options.compose), stop: async () => {} };
  const file = options.state ?? STATE;
  const running = runningCluster(file);
  if (running?.ready === true) return { topology: new LocalProcesses(file), stop: async () => {} };
  if (running !== undefined) throw new Error(`the cluster of ${file} is still starting: wait until it says "cluster ready"`);
  if (options.state !== undefined) throw new Error(`nothing of ${file} runs: start it with npm run cluster -- --state FOLDER`);
  console.log('no cluster runs: starting the one of config/two-data-centres.yaml for the drill');
  const stop = await startCluster(CLUSTER, file);
  return { topology: new LocalProcesses(file), stop };
}
