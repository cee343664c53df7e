/** Asks the running cluster through its console, and prints a table or JSON. Exit status 1: an instance said no. */
import { parseArgs } from 'node:util';
import { type AskCommand, commandLines, namedWords, typed, understand, verbsOf } from './catalogue.js';
import { table } from './table.js';

interface Answer {
  readonly instance: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly failed?: string;
}

interface AskOptions {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly instance: string | undefined;
  readonly json: boolean;
}

export const ASK_OPTIONS = `  --url URL        the console (default http://127.0.0.1:8080)
  --api-key KEY    its api-key, when it has one
  --instance NAME  ask this instance only
  --json           JSON instead of a table`;

export async function runAsk(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' }, 'api-key': { type: 'string' }, instance: { type: 'string' },
      json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    },
  });
  const words = positionals.filter((word) => !word.includes('='));
  if (values.help) {
    console.log(helpFor(words));
    return 0;
  }
  const options: AskOptions = {
    url: values.url, apiKey: values['api-key'], instance: values.instance, json: values.json,
  };
  if (words[0] === 'status' || words[0] === 'commands') return words[0] === 'status' ? showStatus(options) : showCommands(options);
  const understood = understand(words);
  if (understood.kind === 'problem') throw new Error(understood.message);
  const args = { ...namedWords(understood.command, understood.words), ...argumentsIn(positionals) };
  if (understood.command.name === 'switchover') return switchOver(understood.command, args, options);
  return askInstances(understood.command, args, options);
}

/** Only the primary can give its role away. */
async function switchOver(command: AskCommand, args: { readonly node?: unknown }, options: AskOptions): Promise<number> {
  const answers = await isKnown('pair show', options) ? (await ask('commands/pair%20show', options, { args: {} }) as { answers: Answer[] }).answers : [];
  const primary = answers.find(({ result }) => result?.['node'] === args.node && result?.['role'] === 'primary');
  if (primary === undefined) throw new Error(`no primary of a pair ${String(args.node)} answers; "cordboard pairs" shows the pairs`);
  return askInstances(command, args, { ...options, instance: primary.instance });
}

function helpFor([noun = '', verb]: readonly string[]): string {
  if (noun === 'status') return `cordboard status [options]\n\ninstances that run, and their tiers\n\n${ASK_OPTIONS}`;
  if (noun === 'commands') return `cordboard commands [options]\n\nwhat the running instances can be asked\n\n${ASK_OPTIONS}`;
  const understood = understand(verb === undefined ? [noun] : [noun, verb]);
  if ((verb !== undefined || verbsOf(noun).length === 0) && understood.kind === 'command') {
    const { command } = understood;
    const keys = (command.keys ?? []).map((key) => `  ${key}`);
    return [`cordboard ${typed(command)} [options]\n\n${command.what}\n`, ...(keys.length > 0 ? [...keys, ''] : []), ASK_OPTIONS].join('\n');
  }
  if (verbsOf(noun).length === 0 || verb !== undefined) throw new Error(understood.kind === 'problem' ? understood.message : '');
  return `cordboard ${noun} VERB [options]\n\n${commandLines(noun).join('\n')}\n\n${ASK_OPTIONS}`;
}

async function showStatus(options: AskOptions): Promise<number> {
  const { instances } = await ask('instances', options) as { instances: Record<string, unknown>[] };
  const shown = instances.filter(({ instance }) => options.instance === undefined || instance === options.instance);
  const rows = shown.map(({ instance, tier, dataCentre, role, draining, load, bootEpoch }) => ({
    instance, tier, 'data centre': dataCentre, role, draining, load, since: new Date(Number(bootEpoch)).toISOString().slice(0, 19).replace('T', ' '),
  }));
  return print(options.json ? shown : rows, options.json, 'no instance runs');
}

async function showCommands(options: AskOptions): Promise<number> {
  const { commands } = await ask('commands', options) as { commands: Record<string, string[]> };
  return print(Object.entries(commands).flatMap(([instance, names]) => names.map((command) => ({ instance, command }))), options.json, 'no instance runs');
}

async function isKnown(name: string, place: Place): Promise<boolean> {
  const { commands } = await ask('commands', place) as { commands: Record<string, string[]> };
  return Object.values(commands).some((names) => names.includes(name));
}

async function askInstances(command: AskCommand, args: object, options: AskOptions): Promise<number> {
  if (command.optional === true && options.instance === undefined && !await isKnown(command.name, options)) {
    return print([], options.json, command.nothing ?? 'nothing');
  }
  const { answers } = await ask(`commands/${encodeURIComponent(command.name)}`, options, { args, instance: options.instance }) as { answers: Answer[] };
  const failed = answers.filter((answer) => answer.failed !== undefined);
  if (options.json) {
    console.log(JSON.stringify(answers, undefined, 2));
  } else {
    const rows = answers.flatMap((answer) => rowsOf(answer, command.list));
    if (rows.length > 0 || failed.length === 0) print(rows, false, command.nothing ?? 'nothing');
    for (const { instance, failed: reason } of failed) console.error(`${instance}: ${reason}`);
  }
  return failed.length > 0 ? 1 : 0;
}

/** `key=value` words; true and false become what they look like. */
export function argumentsIn(words: readonly string[]): Record<string, string | boolean> {
  return Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => {
    const at = word.indexOf('=');
    const text = word.slice(at + 1);
    return [word.slice(0, at), text === 'true' || text === 'false' ? text === 'true' : text];
  }));
}

/** @throws Error with a sentence: nobody answers, or what the console says */
export async function ask(path: string, { url, apiKey }: Place, body?: object): Promise<object> {
  return (await fetched(path, { url, apiKey }, body)).json() as Promise<object>;
}

/** @throws as {@link ask} */
export async function fetched(path: string, { url, apiKey }: Place, body?: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
  let reply: Response;
  try {
    reply = await fetch(`${url}/api/v1/${path}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new Error(`no console answers at ${url}; is the cluster running? --url names another one`);
  }
  if (reply.ok) return reply;
  const { message } = await reply.json().catch(() => ({})) as { message?: string };
  throw new Error(message ?? `the console answered ${reply.status}`);
}

export type Place = Pick<AskOptions, 'url' | 'apiKey'>;

function print(rows: readonly object[], json: boolean, nothing: string): number {
  console.log(json ? JSON.stringify(rows, undefined, 2) : table(rows, nothing));
  return 0;
}

/** What an instance lists, with its name in front; what is no list is one row. Lists in lists are put together. */
export function rowsOf({ instance, result }: Answer, list?: string): object[] {
  if (result === undefined) return [];
  const lists = Object.values(result).filter(Array.isArray) as unknown[][];
  if (lists.length !== 1 || Object.keys(result).some((key) => key !== 'count' && key !== 'next' && !Array.isArray(result[key]))) {
    return [{ instance, ...result }];
  }
  const rows = (lists[0] as Record<string, unknown>[]).flatMap((row) => (list === undefined || typeof row !== 'object' ? [row] : row[list] as unknown[]));
  return rows.map((row) => (typeof row === 'object' ? { instance, ...row } : { instance, value: row }));
}
