/** What `npx cordboard drill` can be told. */
import { parseArgs } from 'node:util';
import { PER_SECOND_MAX } from './machines/cast.js';
import { DRILLS } from './machines/drills.js';

export interface DrillOptions {
  readonly name: string;
  /** Held calls; a tenth as many wait in line. */
  readonly calls: number;
  /** New calls a second; undefined: what the drill says. */
  readonly rate: number | undefined;
  readonly seed: number;
  /** State file of local processes. */
  readonly state: string | undefined;
  /** The compose file of containers, instead. */
  readonly compose: string | undefined;
  readonly apiKey: string | undefined;
}

const CALLS = 50;
const CALLS_MAX = 5_000;
const NAME_WIDTH = 16;

export const DRILL_USAGE = `cordboard drill list | NAME [options]

Harms a running cluster under load, and says what came of it. The last line is the same as JSON; exit status 0: passed.

${DRILLS.map(({ name, what }) => `  ${name.padEnd(NAME_WIDTH)} ${what}`).join('\n')}

  --calls N        calls that stand meanwhile, 1 to ${CALLS_MAX} (default ${CALLS}); a tenth as many wait in line
  --rate N         new calls a second meanwhile, 1 to ${PER_SECOND_MAX} (default by drill and calls; rolling-upgrade 50)
  --seed S         which of several alike is harmed (default 1)
  --cluster FILE   state file of local processes (default .cache/cluster/state.json, which "npm run cluster" writes)
  --compose FILE   the containers of a compose file instead, such as infra/compose.yaml
  --api-key KEY    of the console, when it has one

Without a running cluster, "npm run cluster" is started for the drill and stopped after it.`;

/** Undefined: the list was asked for. @throws Error that says what is allowed */
export function drillOptions(argv: readonly string[]): DrillOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv], allowPositionals: true,
    options: {
      'calls': { type: 'string', default: String(CALLS) }, 'rate': { type: 'string' }, 'seed': { type: 'string', default: '1' }, 'cluster': { type: 'string' },
      'compose': { type: 'string' }, 'api-key': { type: 'string' }, 'help': { type: 'boolean', default: false },
    },
  });
  const [name = 'list', more] = positionals;
  if (more !== undefined) throw new Error(`one drill at a time: "${more}" is one too many`);
  if (values.help || name === 'list') return undefined;
  return {
    name, calls: whole('--calls', values.calls, 1, CALLS_MAX),
    rate: values.rate === undefined ? undefined : whole('--rate', values.rate, 1, PER_SECOND_MAX),
    seed: whole('--seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    state: values.cluster, compose: values.compose, apiKey: values['api-key'],
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option} ${text}: must be a whole number from ${min} to ${max}`);
}
