/** `npm run demo`: a contact centre at work on one machine, and one screen to watch it. */
import { setTimeout as pause } from 'node:timers/promises';
import { TlibClient } from '#tlib/client';
import { type Cluster, startCluster } from './cluster.js';
import { Floor } from './machines/floor.js';
import { draw, oneLine, type Picture, summary } from './machines/screen.js';
import { demoOptions, type DemoOptions, USAGE } from './options.js';
import { Agents, Callers, ROUTING_POINT } from './people.js';
import { Terminal } from './terminal.js';

const FRAME_MS = 250;
const LINE_MS = 1_000;
/** For the last events to arrive, at most. */
const SETTLE_MS = 5_000;
const LOOK_MS = 50;

async function main(argv: readonly string[]): Promise<number> {
  const options = demoOptions(argv);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve);
  });
  const cluster = await startCluster();
  try {
    return await run(cluster, options, asked);
  } finally {
    await cluster.stop();
  }
}

async function run(cluster: Cluster, options: DemoOptions, asked: Promise<void>): Promise<number> {
  const floor = new Floor(ROUTING_POINT);
  const monitor = await watch(cluster, floor);
  const agents = await Agents.start(cluster, options.agents, options.talkS * 1_000);
  const callers = await Callers.start(cluster, options.talkS * 1_000);
  callers.begin(options.rate);
  const endsAt = options.seconds === undefined ? [] : [pause(options.seconds * 1_000, undefined, { ref: false })];
  const stopShowing = show(cluster, floor, callers, options);
  const ended = await Promise.race([asked, cluster.exited, ...endsAt]);
  await callers.stop();
  await settled(floor, callers);
  stopShowing();
  await agents.leave();
  await callers.close();
  monitor.close();
  if (typeof ended === 'number') throw new Error(`the cluster ended with ${ended}:\n${cluster.output()}`);
  return report(await cluster.stop(), floor, callers);
}

/** The monitor hears of the last calls a moment after their callers. */
async function settled(floor: Floor, callers: Callers): Promise<void> {
  for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += LOOK_MS) {
    await pause(LOOK_MS);
    if (sumOf(floor.live()) === 0 && sumOf(floor.outcomes) === sumOf(callers.outcomes)) return;
  }
}

const sumOf = (counts: object): number => Object.values(counts).reduce((sum: number, count: number) => sum + count, 0);

async function watch(cluster: Cluster, floor: Floor): Promise<TlibClient> {
  const monitor = new TlibClient({ addresses: [{ host: cluster.host, port: cluster.ports.monitoring }], applicationName: 'demo-monitor' });
  await monitor.connect();
  await monitor.registerAddress('*');
  monitor.on('*', (event) => floor.on(event, Date.now()));
  monitor.onNewSession(() => monitor.registerAddress('*'));
  return monitor;
}

/** Answers how to stop. */
function show(cluster: Cluster, floor: Floor, callers: Callers, options: DemoOptions): () => void {
  const terminal = new Terminal(process.stdout);
  const startedMs = Date.now();
  const where = cluster.usualPorts ? 'config/laptop.yaml' : `SIP ${cluster.ports.sip}, desktops ${cluster.ports.desktop}, monitors ${cluster.ports.monitoring}`;
  const refresh = () => {
    const nowMs = Date.now();
    const picture: Picture = {
      title: `cordboard demo (${where}): ${options.agents} agents, ${options.rate} calls/s`, elapsedMs: nowMs - startedMs, nowMs, started: callers.started,
      live: floor.live(), outcomes: floor.outcomes, refused: [...callers.refused.values()].reduce((sum, count) => sum + count, 0),
      callsPerSecond: callers.started / Math.max(1, (nowMs - startedMs) / 1_000), eventsPerSecond: floor.eventsPerSecond(nowMs), events: floor.events,
      seats: floor.seats(),
    };
    terminal.show((columns, rows) => draw(picture, columns, rows), oneLine(picture));
  };
  const timer = setInterval(refresh, terminal.isScreen ? FRAME_MS : LINE_MS);
  return () => {
    clearInterval(timer);
    refresh();
    terminal.restore();
  };
}

function report(clusterStatus: number, floor: Floor, callers: Callers): number {
  const { lines, addsUp } = summary({
    started: callers.started, callers: callers.outcomes, refused: callers.refused, monitor: floor.outcomes, events: floor.events,
  });
  const left = callers.live + sumOf(floor.live());
  console.log([...lines, ...(left > 0 ? [`${left} calls did not end`] : [])].join('\n'));
  if (clusterStatus !== 0) console.error(`the cluster ended with ${clusterStatus}`);
  return addsUp && left === 0 && clusterStatus === 0 ? 0 : 1;
}

main(process.argv.slice(2)).then((status) => process.exit(status), (error: unknown) => {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
