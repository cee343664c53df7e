/** `cordboard limits`: rules of call limits, mode, block list, what is in use, and who changed what. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { Place } from './ask.js';
import { callLimits, type LimitsRequest } from './limits-api.js';
import { RULE_WORDS, ruleFields } from './limits-words.js';
import { table } from './table.js';

export const LIMITS_USAGE = `cordboard limits COMMAND [options]

  mode [unlimited|all-busy|dnis]   shows or sets the mode
  list [dnis=N] [division=D] [queue=Q]
  show ID
  add [ID] key=value ...           a new rule
  set ID key=value ...             changes it; key= leaves one out
  remove ID
  enable ID, disable ID
  shadow ID on|off                 on: it counts and tells, and refuses nobody
  usage [ID]                       what each rule counts now
  export, import FILE              rules as CSV
  ani list [NUMBER]                the block list, or what blocks that number
  ani add NUMBER [expires=TIME] [note=TEXT]   +8150123, +8150*, or +81501000-+81501999
  ani remove NUMBER
  ani export, ani import FILE      as CSV: number,expires,note
  audit [id=ID] [who=NAME]         changes, the latest first
  backup, restore FILE             mode, rules and block list as JSON: backup > FILE

Keys of a rule:
${RULE_WORDS}

  --limit N, --after NEXT  of a list: 1 to 1000 (default 100), and the page after
  --if-match VERSION       changes the rule only if it is still that version ("show" tells it)
  --url URL        the console (default http://127.0.0.1:8080)
  --api-key KEY    its api-key, when it has one
  --json           JSON instead of a table`;

interface Call {
  readonly place: Place;
  readonly json: boolean;
  readonly ifMatch: string | undefined;
  /** `limit` and `after`. */
  readonly page: Readonly<Record<string, string>>;
}

type Run = (words: readonly string[], call: Call) => Promise<void>;
type Row = Record<string, unknown>;

const RULE_COLUMNS = ['id', 'dnis', 'type', 'limit', 'queues', 'active', 'enabled', 'shadow', 'division', 'description'];
const USAGE_COLUMNS = ['id', 'dnis', 'type', 'used', 'limit', 'full', 'active', 'shadow', 'wouldRefuse'];
const AUDIT_COLUMNS = ['atMs', 'who', 'what', 'action', 'id', 'before', 'after'];

export async function runLimits(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...argv], allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' }, 'api-key': text, limit: text, after: text, 'if-match': text,
      json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length === 0) {
    console.log(LIMITS_USAGE);
    return values.help ? 0 : 2;
  }
  const { limit, after } = values;
  const page = { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
  const call: Call = { place: { url: values.url, apiKey: values['api-key'] }, json: values.json, ifMatch: values['if-match'], page };
  const [noun = '', verb = ''] = positionals;
  const [command, name, words] = noun === 'ani' ? [ANI[verb], `ani ${verb}`.trim(), positionals.slice(2)] : [COMMANDS[noun], noun, positionals.slice(1)];
  if (command === undefined) {
    const there = noun === 'ani' ? Object.keys(ANI).map((each) => `ani ${each}`) : [...Object.keys(COMMANDS), 'ani'];
    throw new Error(`limits cannot "${name}"; it can: ${there.join(', ')}`);
  }
  await command(words, call);
  return 0;
}

const COMMANDS: Readonly<Record<string, Run | undefined>> = {
  mode: async ([mode], call) => {
    const request: LimitsRequest = mode === undefined ? {} : { method: 'PUT', body: { mode } };
    await change('mode', call, request, ({ mode: now }) => String(now));
  },
  list: async (words, call) => {
    const answer = await read(`rules?${query(words, call)}`, call);
    printPage(answer, 'rules', RULE_COLUMNS, 'no rule', call);
  },
  show: async ([id], call) => {
    const rule = await read(`rules/${idOf(id)}`, call);
    if (call.json) return printJson(rule);
    for (const [key, value] of Object.entries(rule)) console.log(`${key.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  },
  add: async (words, call) => {
    const [id, fields] = words[0]?.includes('=') === false ? [words[0], words.slice(1)] : [undefined, words];
    const body = ruleFields(fields);
    const request: LimitsRequest = id === undefined ? { method: 'POST', body } : { method: 'PUT', body, headers: { 'if-none-match': '*' } };
    await change(id === undefined ? 'rules' : `rules/${idOf(id)}`, call, request, (rule) => `rule ${String(rule['id'])} is in force`);
  },
  set: async ([id, ...words], call) => patch(id, ruleFields(words), call),
  enable: async ([id], call) => patch(id, { enabled: true }, call),
  disable: async ([id], call) => patch(id, { enabled: false }, call),
  shadow: async ([id, on], call) => {
    if (on !== 'on' && on !== 'off') throw new Error('say on or off: cordboard limits shadow ID on|off');
    await patch(id, { shadow: on === 'on' }, call);
  },
  remove: async ([id], call) => change(`rules/${idOf(id)}`, call, { method: 'DELETE', ...ifMatch(call) }, () => `rule ${id} is removed`),
  usage: async ([id], call) => {
    const words = id === undefined ? [] : [id.includes('=') ? id : `rule=${id}`];
    printPage(await read(`usage?${query(words, call)}`, call), 'usage', USAGE_COLUMNS, 'no rule', call);
  },
  audit: async (words, call) => {
    printPage(await read(`audit?${query(words, call)}`, call), 'records', AUDIT_COLUMNS, 'no change yet', call);
  },
  export: async (_, call) => save('rules.csv', call),
  import: async ([file], call) => importFile('rules.csv', file, call),
  backup: async (_, call) => save('backup', call),
  restore: async ([file], call) => {
    const request: LimitsRequest = { method: 'POST', file: { text: fileText(file), type: 'application/json' } };
    await change('restore', call, request, ({ mode, rules, ani }) => `restored: mode ${String(mode)}, ${String(rules)} rules, ${String(ani)} blocked numbers`);
  },
};

const ANI: Readonly<Record<string, Run | undefined>> = {
  list: async ([number], call) => {
    const words = number === undefined ? [] : [`blocks=${number}`];
    const nothing = number === undefined ? 'nobody is blocked' : `${number} is not blocked`;
    printPage(await read(`ani?${query(words, call)}`, call), 'entries', ['number', 'expiresAtMs', 'note', 'addedBy', 'addedAtMs'], nothing, call);
  },
  add: async ([number, ...words], call) => {
    const body = { number: needed(number, 'number'), ...Object.fromEntries(pairs(words)) };
    await change('ani', call, { method: 'POST', body }, (entry) => `${String(entry['number'])} is blocked`);
  },
  remove: async ([number], call) => {
    const entry = needed(number, 'number');
    await change(`ani/${encodeURIComponent(entry)}`, call, { method: 'DELETE' }, () => `${entry} is not blocked any more`);
  },
  export: async (_, call) => save('ani.csv', call),
  import: async ([file], call) => importFile('ani.csv', file, call),
};

function patch(id: string | undefined, body: object, call: Call): Promise<void> {
  return change(`rules/${idOf(id)}`, call, { method: 'PATCH', body, ...ifMatch(call) }, () => `rule ${String(id)} is in force as changed`);
}

async function importFile(path: string, file: string | undefined, call: Call): Promise<void> {
  const request: LimitsRequest = { method: 'POST', file: { text: fileText(file), type: 'text/csv' } };
  await change(path, call, request, ({ imported }) => `${String(imported)} imported`);
}

async function change(path: string, call: Call, request: LimitsRequest, sentence: (answer: Row) => string): Promise<void> {
  const answer = await (await callLimits(path, call.place, request)).json() as Row;
  if (call.json) printJson(answer); else console.log(sentence(answer));
  const late = answer['notInForce'] as string[] | undefined;
  if (late !== undefined) console.error(`not known to be in force yet, for they did not answer within 2 s: ${late.join(', ')}`);
}

const read = async (path: string, { place }: Call): Promise<Row> => await (await callLimits(path, place)).json() as Row;

/** To standard output as it comes. */
async function save(path: string, { place }: Call): Promise<void> {
  const { body } = await callLimits(path, place);
  if (body !== null) await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), process.stdout, { end: false });
}

function printPage(answer: Row, list: string, columns: readonly string[], nothing: string, { json }: Call): void {
  if (json) return printJson(answer);
  const rows = (answer[list] as Row[]).map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
  console.log(table(rows, nothing));
  for (const missing of answer['incomplete'] as string[] | undefined ?? []) console.error(missing);
  if (answer['next'] !== undefined) console.log(`there is more: --after ${String(answer['next'])}`);
}

const printJson = (value: object): void => console.log(JSON.stringify(value, undefined, 2));

function pairs(words: readonly string[]): [string, string][] {
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 1) throw new Error(`"${word}" is no key=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

const query = (words: readonly string[], { page }: Call): string => new URLSearchParams([...pairs(words), ...Object.entries(page)]).toString();
const idOf = (id: string | undefined): string => encodeURIComponent(needed(id, 'rule'));
const ifMatch = ({ ifMatch: version }: Call): Pick<LimitsRequest, 'headers'> => (version === undefined ? {} : { headers: { 'if-match': `"${version}"` } });

function needed(word: string | undefined, what: string): string {
  if (word === undefined || word === '') throw new Error(`say which ${what}; "cordboard limits --help" says more`);
  return word;
}

function fileText(file: string | undefined): string {
  try {
    return readFileSync(needed(file, 'file'), 'utf8');
  } catch (error) {
    throw new Error(`${(error as Error).message}; name a file that can be read`, { cause: error });
  }
}
