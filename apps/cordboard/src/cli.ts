/** `cordboard`: the operators' command. */
import { runCheck } from './commands/check.js';
import { ASK_OPTIONS, runAsk } from './commands/ask.js';
import { commandLines } from './commands/catalogue.js';
import { runHistory } from './commands/history.js';
import { runLimits } from './commands/limits.js';
import { runTlib } from './commands/tlib.js';

const USAGE = `cordboard COMMAND [options]

  status            instances that run, and their tiers
  commands          what the running instances can be asked
  check FILE        check a configuration
  drill list|NAME   harm the cluster under load, and say what came of it
  history LIST      calls, attempts, agents and queues that were
  limits COMMAND    call limits: rules, mode, block list, use, audit
  tlib HOST:PORT    type T-Library requests, read events in the classic log form

${commandLines().join('\n')}

"cordboard NOUN --help" and "cordboard NOUN VERB --help" say more. Options of all that ask the running cluster:
${ASK_OPTIONS}`;

export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case undefined:
    case '--help':
    case 'help':
      console.log(USAGE);
      return command === undefined ? 2 : 0;
    case 'tlib': return runTlib(rest);
    case 'check': return runCheck(rest);
    case 'drill': return runDrills(rest);
    case 'history': return runHistory(rest);
    case 'limits': return runLimits(rest);
    default: return runAsk(argv);
  }
}

/** Nothing that a drill opened may keep the process. */
async function runDrills(argv: readonly string[]): Promise<number> {
  const drills = await import('../../drill/src/index.js');
  process.exit(await drills.main(argv));
}

main(process.argv.slice(2)).then((status) => { process.exitCode = status; }, (error: unknown) => {
  console.error(`cordboard: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
