/** `cordboard`: the operators' command. */
import { runCheck } from './commands/check.js';
import { runAsk } from './commands/ask.js';
import { runTlib } from './commands/tlib.js';

const USAGE = `cordboard COMMAND [options]

  status                     instances that run, and their tiers
  commands                   what the running instances can be asked
  NOUN VERB [key=value ...]  ask them: "cordboard dn list", "cordboard calls list", "cordboard destinations list"
  tlib HOST:PORT             type T-Library requests, read events in the classic log form
  check FILE                 check a configuration

options of all that ask:
  --url URL        the console (default http://127.0.0.1:8080)
  --api-key KEY    its api-key, when it has one
  --instance NAME  ask this instance only
  --json           JSON instead of a table
  --help           this page, or that of a command`;

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
    default: return runAsk(argv);
  }
}

main(process.argv.slice(2)).then((status) => { process.exitCode = status; }, (error: unknown) => {
  console.error(`cordboard: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
