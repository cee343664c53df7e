/** Runs one drill: performs what its machine decides, and prints the verdict. */
import { loadConfig } from '#config';
import { castFor } from './machines/cast.js';
import { type Drill, type Pick } from './machines/drills.js';
import { DrillRun, type RunEffect, type RunInput } from './machines/drill-run.js';
import type { ProcessView } from './machines/process-view.js';
import { noteLine, reportLines } from './machines/report.js';
import { stageOf } from './machines/stage.js';
import { judge, type Observed, type Trouble, type Verdict } from './machines/verdict.js';
import { Consoles } from './load/console.js';
import { Load } from './load/load.js';
import { until } from './load/patience.js';
import { compareRecords } from './records.js';
import { FaultBook } from './topology/fault-book.js';
import type { Topology } from './topology/port.js';

const TICK_MS = 100;
const LOOK_MS = 250;
const STEADY_MS = 3_000;
const HEAL_MS = 60_000;
/** A cancelled INVITE whose answer crossed takes its time. */
const LEAVE_MS = 15_000;

export interface RunRequest {
  readonly drill: Drill;
  readonly topology: Topology;
  readonly calls: number;
  /** New calls a second, instead of the drill's own. */
  readonly rate?: number | undefined;
  readonly seed: number;
  readonly apiKey?: string | undefined;
  print(line: string): void;
  /** Resolves when the user wants it to end. */
  readonly interrupted: Promise<void>;
}

/** Answers whether it passed. @throws Error when the cluster lacks what the drill needs */
export async function runDrill(request: RunRequest): Promise<Verdict> {
  const { drill, topology, print } = request;
  const { config } = loadConfig(topology.config);
  const stage = stageOf(config);
  const consoles = new Consoles(stage.dataCentres.flatMap((each) => each.consoles), request.apiKey);
  const members = await membersNow(topology, consoles);
  const steps = drill.steps(members, picker(request.seed));
  for (const step of steps) {
    const refusal = step.kind === 'do' ? step.actions.map((action) => topology.refuses(action)).find((reason) => reason !== undefined) : undefined;
    if (refusal !== undefined) throw new Error(`${drill.name} is not possible here: ${refusal}`);
  }
  const cast = castFor(stage, { calls: request.calls, perSecond: request.rate ?? (request.calls * drill.perSecond) / 100 });
  const begunMs = performance.now();
  const nowMs = (): number => performance.now() - begunMs;
  const startedAtMs = Date.now();
  const load = new Load(stage, cast, nowMs, (text) => print(noteLine({ atMs: nowMs(), text })));
  const book = new FaultBook(topology);
  const leftBefore = await callsIn(consoles);
  let quiet: Awaited<ReturnType<Load['atQuiet']>> = { stuck: [], disagree: [] };
  let left: Trouble[] = [];
  const run = new DrillRun({ steps, healsFrom: drill.healsFrom, steadyMs: STEADY_MS, healMs: HEAL_MS });

  const end = async (): Promise<void> => {
    const problems = await book.undoAll();
    left = problems.map((why) => ({ what: 'not undone', why }));
    await load.hangUp();
    if (load.monitors.length > 0) quiet = await load.atQuiet();
    left.push(...await leftIn(consoles, leftBefore));
  };
  await drive(run, {
    prepare: () => load.prepare(), perform: (actions) => book.perform(actions), movePhone: () => load.movePhone(), exercise: () => load.exercise(), end,
    missing: () => load.missing(), interrupted: request.interrupted, nowMs, print,
  });
  const observed: Observed = {
    drill: drill.name, seed: request.seed, run: run.result, held: load.ledger.counts('held'), queued: load.ledger.counts('queued'),
    fresh: load.ledger.counts('new'), outOfOrder: load.outOfOrder(), refusedMs: load.refusedMs(),
    audits: load.monitors.map(({ audit }) => audit.findings(load.monitors.map((other) => other.audit).filter((other) => other !== audit))),
    stuck: quiet.stuck, disagree: quiet.disagree, loggedOut: load.loggedOut(), left,
    records: await compareRecords(config, consoles, load.ledger, startedAtMs),
    dataCentres: stage.dataCentres.map(({ name }) => name), sawOtherOut: load.sawOtherOut(), ...(drill.name === 'move-phone' ? { moved: load.moved } : {}),
  };
  await load.close();
  const verdict = judge(observed, drill.demands);
  const title = `${drill.name}: ${drill.what} (${topology.kind}, seed ${request.seed})`;
  for (const line of reportLines(title, run.result, verdict, whereToLook(members, run.result.notes.map(({ text }) => text)))) print(line);
  return verdict;
}

interface Hands {
  prepare(): Promise<void>;
  perform(actions: (RunEffect & { kind: 'perform' })['actions']): Promise<void>;
  movePhone(): Promise<void>;
  exercise(): Promise<void>;
  end(): Promise<void>;
  missing(): readonly string[];
  readonly interrupted: Promise<void>;
  nowMs(): number;
  print(line: string): void;
}

/** Feeds the machine until it is over. */
function drive(run: DrillRun, hands: Hands): Promise<void> {
  return new Promise((resolve) => {
    const effects: RunEffect[] = [];
    const feed = (input: RunInput): void => {
      run.on({ ...input, nowMs: hands.nowMs() }, effects);
      for (const effect of effects.splice(0)) perform(effect);
    };
    const act = (what: () => Promise<void>): void => {
      const before = run.state;
      // A step that an interruption has overtaken says nothing any more.
      Promise.resolve().then(what).then(
        () => { if (run.state === before) feed({ kind: 'done' }); },
        (error: Error) => { if (run.state === before) feed({ kind: 'failed', reason: error.message }); },
      );
    };
    const perform = (effect: RunEffect): void => {
      switch (effect.kind) {
        case 'note': return hands.print(noteLine({ atMs: hands.nowMs(), text: effect.text }));
        case 'prepare': return act(() => hands.prepare());
        case 'perform': return act(() => hands.perform(effect.actions));
        case 'movePhone': return act(() => hands.movePhone());
        case 'exercise': return act(() => hands.exercise());
        case 'end': return act(() => hands.end());
        case 'over':
          clearInterval(tick);
          clearInterval(look);
          return resolve();
      }
    };
    const tick = setInterval(() => feed({ kind: 'tick' }), TICK_MS);
    const look = setInterval(() => {
      if (['Stepping', 'Waiting', 'Healing'].includes(run.state)) feed({ kind: 'health', missing: hands.missing() });
    }, LOOK_MS);
    void hands.interrupted.then(() => feed({ kind: 'interrupted' }));
    feed({ kind: 'begin' });
  });
}

/** Half of a pair calls itself `<process>/standby` while it is the backup. */
async function membersNow(topology: Topology, consoles: Consoles): Promise<ProcessView[]> {
  const standby = new Set((await consoles.instances()).map(({ instance }) => instance).filter((name) => name.endsWith('/standby')));
  return topology.members.map(({ name, serves, dataCentre }) => ({ name, serves, dataCentre, isPrimary: !standby.has(`${name}/standby`) }));
}

async function callsIn(consoles: Consoles): Promise<ReadonlySet<string>> {
  const answers = await consoles.command('calls list');
  return new Set(answers.flatMap(({ result }) => ((result?.['calls'] ?? []) as { connID: string }[]).map(({ connID }) => connID)));
}

/** Calls that were not there before, and do not end within a while. */
async function leftIn(consoles: Consoles, before: ReadonlySet<string>): Promise<Trouble[]> {
  try {
    let left: string[] = [];
    await until(LEAVE_MS, async () => {
      left = [...await callsIn(consoles)].filter((connID) => !before.has(connID));
      return left.length === 0;
    });
    return left.map((connID) => ({ what: connID, why: 'lives though everybody has hung up: cordboard calls show' }));
  } catch (error) {
    return [{ what: 'calls list', why: (error as Error).message }];
  }
}

/** mulberry32: the same choices for the same seed. */
function picker(seed: number): Pick {
  let state = seed >>> 0;
  return (from) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from[((mixed ^ (mixed >>> 14)) >>> 0) % from.length] as (typeof from)[number];
  };
}

/** The instances that were harmed; their logs come first. */
function whereToLook(members: readonly ProcessView[], notes: readonly string[]): string[] {
  const named = new Set(notes.flatMap((note) => note.split(/[ ,]+/)));
  return members.filter(({ name }) => named.has(name))
    .map(({ name, serves, dataCentre }) => `${name} (${serves}, ${dataCentre})`);
}
