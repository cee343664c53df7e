/** What `npm run demo` can be told. */
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly agents: number;
  /** Calls per second. */
  readonly rate: number;
  /** Undefined: until Ctrl-C. */
  readonly seconds: number | undefined;
  /** Mean length of a conversation. */
  readonly talkS: number;
}

export const USAGE = `npm run demo -- [options]

Starts the embedded cluster, phones and desktops of agents, a carrier whose subscribers call 5000, and a monitoring client; shows them on one screen.

  --agents N     agents at work, 1 to 50 (default 10)
  --rate CPS     calls per second, 0.1 to 100 (default 1)
  --talk S       mean length of a conversation in seconds, 0.1 to 3600 (default 8)
  --seconds S    ends by itself after so many seconds; without it Ctrl-C does
  --help         this page`;

/** Undefined: the usage was asked for. @throws Error that says what is allowed */
export function demoOptions(argv: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      agents: { type: 'string', default: '10' },
      rate: { type: 'string', default: '1' },
      talk: { type: 'string', default: '8' },
      seconds: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const agents = within('--agents', values.agents, 1, 50);
  if (!Number.isInteger(agents)) throw new Error(`--agents ${values.agents}: must be a whole number`);
  return {
    agents,
    rate: within('--rate', values.rate, 0.1, 100),
    talkS: within('--talk', values.talk, 0.1, 3_600),
    seconds: values.seconds === undefined ? undefined : within('--seconds', values.seconds, 1, 86_400),
  };
}

function within(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw new Error(`${option} ${text}: must be a number from ${min} to ${max}`);
}
