/** `npm run sim`: histories of a simulated cluster by their seeds (docs/specs/simulation.md). */
import { parseArgs } from 'node:util';
import { CASE_NAMES, caseRunner, type Failure, historyRunner, type Outcome, runSeeds, seedsFrom } from './run.js';

const USAGE = `npm run sim -- [options]

  --seed N       one history: its trace hash, what happened in it, and the verdict
  --seeds N      N histories, from --from on (default 200 from 1)
  --from N       the first seed (default 1)
  --minutes M    virtual minutes of calls and trouble (default 2)
  --calls N      calls in them (default 40)
  --case NAME    races of one call instead of whole histories: ${CASE_NAMES.join(', ')}; or all
  --verbose      with --seed: every message between tiers, and every event that a client hears`;

interface Arguments {
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly from: number;
  readonly minutes: number;
  readonly calls: number;
  readonly case: string | undefined;
  readonly verbose: boolean;
}

/** Undefined: the usage was asked for. @throws Error when an argument is unknown or no number */
function read(argv: readonly string[]): Arguments | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: text, seeds: text, from: text, minutes: text, calls: text, case: text, verbose: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  const number = (name: 'seed' | 'seeds' | 'from' | 'minutes' | 'calls', fallback: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!(value >= 0)) throw new Error(`--${name} ${String(values[name])}: must be a number`);
    return value;
  };
  return {
    seed: values.seed === undefined ? undefined : number('seed', 0),
    seeds: number('seeds', 200), from: number('from', 1), minutes: number('minutes', 2), calls: number('calls', 40),
    case: values.case, verbose: values.verbose === true,
  };
}

async function main(argv: readonly string[]): Promise<number> {
  const options = read(argv);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if (options.seed !== undefined) return runOne(options, options.seed);
  const names = options.case === 'all' ? CASE_NAMES : [options.case];
  let failed = 0;
  for (const name of names) failed += await runMany({ ...options, case: name });
  return failed === 0 ? 0 : 1;
}

async function runOne(options: Arguments, seed: number): Promise<number> {
  const [failure] = await runSeeds([seed], runnerOf(options), (_seed, result) => {
    if ('reason' in result) return console.log(result.report);
    console.log(`seed ${seed}: every invariant holds${tallyOf(result)}`);
    console.log(`trace ${result.traceHash}, ${result.lines} lines`);
  });
  return failure === undefined ? 0 : 1;
}

async function runMany(options: Arguments): Promise<number> {
  const startedMs = performance.now();
  const name = options.case ?? 'histories';
  let done = 0;
  let connected = 0;
  let calls = 0;
  const failures = await runSeeds(seedsFrom(options.from, options.seeds), runnerOf(options), (_seed, result) => {
    done += 1;
    if ('reason' in result) tellFailure(options, result);
    else if (result.tally !== undefined) {
      calls += result.tally.calls;
      connected += result.tally.connected;
    }
    if (done % Math.ceil(options.seeds / 10) === 0) console.log(`${name}: ${done} of ${options.seeds} seeds`);
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const what = calls === 0 ? '' : `, ${calls} calls, ${connected} of them connected`;
  console.log(`${name}: ${options.seeds - failures.length} of ${options.seeds} seeds kept every invariant${what}; ${seconds} s`);
  return failures.length;
}

function tellFailure(options: Arguments, { seed, reason }: Failure): void {
  const which = `${options.case === undefined ? '' : `--case ${options.case} `}--minutes ${options.minutes} --calls ${options.calls}`;
  console.log(`seed ${seed} FAILED: ${reason}\n  again: npm run sim -- --seed ${seed} ${which}`);
}

function runnerOf({ case: name, minutes, calls, verbose }: Arguments) {
  const options = { minutes, calls, ...(verbose ? { debug: (line: string) => console.log(line) } : {}) };
  return name === undefined ? historyRunner(options) : caseRunner(name, options);
}

function tallyOf({ tally }: Outcome): string {
  if (tally === undefined) return '';
  const { calls, connected, failed, abandoned, pauses, cuts, crashes, outages, moves } = tally;
  const troubles = `${pauses} pauses, ${cuts} cuts, ${crashes} crashes, ${outages} outages of the bus, ${moves} moves`;
  return `; ${calls} calls: ${connected} connected, ${failed} refused, ${abandoned} given up; ${troubles}`;
}

main(process.argv.slice(2)).then((status) => { process.exitCode = status; }, (error: unknown) => {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
});
