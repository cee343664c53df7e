/** Asks the running cluster through its console, and prints a table or JSON. */
import { parseArgs } from 'node:util';
import { table } from './table.js';

interface Answer {
  readonly instance: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly failed?: string;
}

export async function runAsk(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      'api-key': { type: 'string' },
      instance: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const words = positionals.filter((word) => !word.includes('='));
  const command = words.join(' ');
  if (values.help) {
    console.log(`cordboard ${command} [key=value ...] [--instance NAME] [--url URL] [--api-key KEY] [--json]\n\n"cordboard commands" lists what can be asked.`);
    return 0;
  }
  const call = (path: string, body?: object) => ask(`${values.url}/api/v1/${path}`, values['api-key'], body);
  if (command === 'status') return print(await call('instances'), 'instances', values.json);
  if (command === 'commands') {
    const { commands } = await call('commands') as { commands: Record<string, string[]> };
    const rows = Object.entries(commands).flatMap(([instance, names]) => names.map((name) => ({ instance, command: name })));
    return print({ commands: rows }, 'commands', values.json);
  }
  const body = { args: argumentsIn(positionals), instance: values.instance };
  const { answers } = await call(`commands/${encodeURIComponent(command)}`, body) as { answers: Answer[] };
  return printAnswers(answers, values.json);
}

/** `key=value` words; numbers and true/false become what they look like. */
function argumentsIn(words: readonly string[]): Record<string, string | number | boolean> {
  return Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => {
    const at = word.indexOf('=');
    const text = word.slice(at + 1);
    return [word.slice(0, at), text === 'true' || text === 'false' ? text === 'true' : text];
  }));
}

async function ask(url: string, apiKey: string | undefined, body: object | undefined): Promise<object> {
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
  let reply: Response;
  try {
    reply = await fetch(url, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new Error(`no console answers at ${url}; is the cluster running? --url names another one`);
  }
  const json = await reply.json() as { message?: string };
  if (!reply.ok) throw new Error(json.message ?? `the console answered ${reply.status}`);
  return json;
}

function print(result: object, key: string, json: boolean): number {
  const rows = (result as Record<string, object[]>)[key] ?? [];
  console.log(json ? JSON.stringify(rows, undefined, 2) : table(rows));
  return 0;
}

/** One table over all instances: what each lists, with the instance in front. */
function printAnswers(answers: readonly Answer[], json: boolean): number {
  const failed = answers.filter((answer) => answer.failed !== undefined);
  if (json) {
    console.log(JSON.stringify(answers, undefined, 2));
  } else {
    console.log(table(answers.flatMap((answer) => rowsOf(answer))));
    for (const { instance, failed: reason } of failed) console.error(`${instance}: ${reason}`);
  }
  return failed.length > 0 ? 1 : 0;
}

function rowsOf({ instance, result }: Answer): object[] {
  if (result === undefined) return [];
  const lists = Object.values(result).filter(Array.isArray) as unknown[][];
  if (lists.length !== 1) return [{ instance, ...result }];
  return (lists[0] as unknown[]).map((row) => (typeof row === 'object' ? { instance, ...row } : { instance, value: row }));
}
