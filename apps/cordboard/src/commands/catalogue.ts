/** What operators can ask, by noun and verb: for help, for words without `key=`, and for a list's empty text. */

export interface AskCommand {
  /** As typed, and as instances know it. */
  readonly name: string;
  readonly what: string;
  /** Names of the words that may follow without `key=`, in order; further ones as `key=value`. */
  readonly words?: readonly string[];
  /** `key=value` arguments, for the help. */
  readonly keys?: readonly string[];
  /** What an empty list is called; absent where the answer is no list. */
  readonly nothing?: string;
  /** Which list of the answer is the table, when it has several. */
  readonly list?: string;
  /** Known only where the configuration has such a thing: elsewhere there is nothing to show, which is no error. */
  readonly optional?: true;
}

export const COMMANDS: readonly AskCommand[] = [
  { name: 'agents list', what: 'agents who are logged in: DN, state, reasons', nothing: 'no agent is logged in' },
  { name: 'bans list', what: 'addresses that proxies do not listen to because they sent too much', nothing: 'nobody is banned' },
  { name: 'bans remove', what: 'listens to an address again', words: ['address'] },
  { name: 'calls list', what: 'calls that live', nothing: 'no call lives' },
  { name: 'calls show', what: 'one call with its parties and legs', words: ['connID'] },
  { name: 'calls clear', what: 'ends a call', words: ['connID'] },
  { name: 'destinations list', what: 'session controllers that proxies send to, and their health', nothing: 'no destination' },
  {
    name: 'destinations add', what: 'sends new calls to a further session controller, until the proxy ends or reloads', words: ['name'],
    keys: ['host=ADDRESS', 'port=PORT', 'server-id=N', 'geo-location=NAME'],
  },
  { name: 'destinations remove', what: 'sends it nothing new any more', words: ['name'] },
  { name: 'destinations reload', what: 'makes destinations what the configuration file says now' },
  { name: 'dn list', what: 'DNs and who owns them: in service, agent, calls', nothing: 'no DN is owned by anybody' },
  { name: 'dn show', what: 'one DN as its owner sees it', words: ['dn'] },
  { name: 'dns records', what: 'records that the DNS servers publish', list: 'records', nothing: 'no records' },
  { name: 'dns lint', what: 'what is wrong with the zones that the configuration describes', nothing: 'the zones are in order' },
  { name: 'links list', what: 'how long messages take between T-Controllers and smart proxies', nothing: 'no link: one process has nobody to talk to' },
  { name: 'pair show', what: 'halves of pairs: role, term, what is replicated and how far', nothing: 'no node has a pair', optional: true },
  {
    name: 'recorder show', what: 'what recorders hear at the moment, and how much waits in their queues', nothing: 'no recorder runs',
    optional: true,
  },
  { name: 'registrations list', what: 'phones that are registered', keys: ['limit=N', 'after=AOR'], nothing: 'nobody is registered' },
  { name: 'registrations show', what: 'contacts of one address of record', words: ['aor'] },
  { name: 'registrations remove', what: 'forgets a phone, or one contact of it', words: ['aor', 'contact'] },
  { name: 'reservations list', what: 'agents that virtual-queue servers granted last', nothing: 'nobody was reserved yet' },
  { name: 'router show', what: 'what the built-in router serves, who waits, who is free' },
  { name: 'switchover', what: 'makes the other half of a pair primary; calls and agents go on', words: ['node'], optional: true },
  { name: 'trunks list', what: 'trunks and their health', nothing: 'no trunk is configured' },
  {
    name: 'verdicts show', what: 'call limits at proxies: rules that calls met lately, with figure and limit', list: 'figures',
    nothing: 'no call met a rule lately',
  },
  { name: 'vq list', what: 'virtual queues, and how many wait in each', nothing: 'no virtual queue is configured' },
];

/** Nouns that say what is meant without a verb. */
const ALONE: Readonly<Record<string, string>> = {
  dns: 'dns records', router: 'router show', recorder: 'recorder show', vq: 'vq list', agents: 'agents list', bans: 'bans list', links: 'links list',
  pairs: 'pair show',
};

export type Understood =
  | { readonly kind: 'command'; readonly command: AskCommand; readonly words: readonly string[] }
  | { readonly kind: 'problem'; readonly message: string };

/** Which command the words mean. `message` says what exists. */
export function understand(words: readonly string[]): Understood {
  const [noun = '', verb] = words;
  const exact = COMMANDS.find(({ name }) => name === `${noun} ${verb}`);
  if (exact !== undefined) return { kind: 'command', command: exact, words: words.slice(2) };
  const single = COMMANDS.find(({ name }) => name === noun);
  if (single !== undefined) return { kind: 'command', command: single, words: words.slice(1) };
  const alone = verb === undefined ? COMMANDS.find(({ name }) => name === ALONE[noun]) : undefined;
  if (alone !== undefined) return { kind: 'command', command: alone, words: [] };
  const verbs = verbsOf(noun);
  if (verbs.length === 0) {
    return { kind: 'problem', message: `there is no "${noun}"; there are: ${nouns().join(', ')}, and status, commands, history, limits, check, drill, tlib` };
  }
  const what = verb === undefined ? `say what to do with ${noun}` : `${noun} cannot "${verb}"`;
  return { kind: 'problem', message: `${what}: ${verbs.join(', ')}` };
}

/** @throws Error when there are more words than the command has names for */
export function namedWords({ name, words = [] }: AskCommand, given: readonly string[]): Record<string, string> {
  const extra = given[words.length];
  if (extra !== undefined) throw new Error(`"${name}" does not know what to do with "${extra}"; write arguments as key=value`);
  return Object.fromEntries(given.map((word, i) => [words[i] as string, word]));
}

export function nouns(): string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] as string))];
}

export function verbsOf(noun: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${noun} `)).map(({ name }) => name.slice(noun.length + 1));
}

/** One line per command, for the help; of one noun, or of all. */
export function commandLines(noun?: string): string[] {
  const shown = COMMANDS.filter(({ name }) => noun === undefined || name.startsWith(`${noun} `));
  const width = Math.max(...shown.map((command) => typed(command).length));
  return shown.map((command) => `  ${typed(command).padEnd(width)}  ${command.what}`);
}

/** `calls show CONNID` */
export function typed({ name, words = [], keys = [] }: AskCommand): string {
  return [name, ...words.map((word) => word.toUpperCase()), ...(keys.length > 2 ? ['key=value ...'] : keys.map((key) => `[${key}]`))].join(' ');
}
