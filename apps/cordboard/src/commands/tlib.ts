/** `cordboard tlib HOST:PORT`: type requests, read events in the classic log form (tlibrary §2.6). */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { kvFromJson, type KVList, REQUEST_RULES, type TAttribute, type TEvent, type TTime } from '#tlib';
import { TlibClient } from '#tlib/client';

const USAGE = `cordboard tlib HOST:PORT [--name APPLICATION] [--role Standard|Smart|InteractionProxy] [--password P] [--json] [-c REQUEST ...]

Type a request per line, events appear as they come:
  RegisterAddress ThisDN=5001
  RouteCall ThisDN=5001 ConnID=0151025a84c2a028 OtherDN=7001
  {"msg":"RequestQueryServer"}
-c sends a request without waiting for you to type; the command then ends with its answer. When the input ends, the command
ends with the last answer; its status is 1 when the input was no terminal and a request was refused.`;

export async function runTlib(args: readonly string[], input: Readable & { isTTY?: boolean } = process.stdin): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'cordboard-tlib' },
      role: { type: 'string', default: 'Standard' },
      password: { type: 'string' },
      json: { type: 'boolean', default: false },
      command: { type: 'string', short: 'c', multiple: true },
      help: { type: 'boolean', default: false },
    },
  });
  const address = /^(\[?[\w.:-]+\]?):(\d+)$/.exec(positionals[0] ?? '');
  if (values.help || address === null) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const client = new TlibClient({
    addresses: [{ host: (address[1] as string).replace(/^\[|\]$/g, ''), port: Number(address[2]) }],
    applicationName: values.name, clientRole: values.role as 'Standard',
    ...(values.password === undefined ? {} : { password: values.password }),
  });
  client.on('*', (event) => console.log(values.json ? JSON.stringify(plain(event)) : logForm(event, new Date())));
  await client.connect();
  let failed = false;
  const send = (line: string) => requestIn(client, line).catch((error: Error & { event?: TEvent }) => {
    failed = true;
    if (error.event === undefined) console.error(error.message);
  });
  if (values.command === undefined) {
    // A request stays unanswered for the client's request timeout at most, so this ends.
    const answers: Promise<unknown>[] = [];
    for await (const line of createInterface({ input })) if (line.trim() !== '') answers.push(send(line.trim()));
    await Promise.all(answers);
  } else {
    for (const line of values.command) await send(line);
  }
  client.close();
  return (values.command !== undefined || input.isTTY !== true) && failed ? 1 : 0;
}

async function requestIn(client: TlibClient, line: string): Promise<TEvent> {
  const { msg, attributes } = parseLine(line);
  return client.request(msg, attributes);
}

/** `RouteCall A=1 B="two words"`, with or without `Request` in front, or a JSON object. */
export function parseLine(line: string): { msg: string; attributes: Record<string, TAttribute> } {
  if (line.startsWith('{')) {
    const { msg, ReferenceID: _reference, ...attributes } = JSON.parse(line) as Record<string, TAttribute> & { msg: string };
    return { msg, attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, asAttribute(value)])) };
  }
  const [name, ...words] = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [''];
  const msg = (name as string).startsWith('Request') ? name as string : `Request${name}`;
  const attributes = Object.fromEntries(words.map((word) => {
    const at = word.indexOf('=');
    if (at === -1) throw new Error(`"${word}" must be Attribute=value`);
    return [word.slice(0, at), valueOf(msg, word.slice(0, at), word.slice(at + 1))];
  }));
  return { msg, attributes };
}

/** The catalogue says which attributes are integers; every other bare number is a name, such as a DN. */
function valueOf(msg: string, attribute: string, text: string): TAttribute {
  if (text.startsWith('{') || text.startsWith('[')) return asAttribute(JSON.parse(text) as TAttribute);
  const bare = text.replace(/^"|"$/g, '');
  return REQUEST_RULES.get(msg)?.byName.get(attribute)?.type === 'int' ? Number(bare) : bare;
}

function asAttribute(value: TAttribute): TAttribute {
  return typeof value === 'object' && value !== null ? kvFromJson(value) ?? value : value;
}

/** A header line and one line per attribute, as T-Servers log. */
export function logForm(event: TEvent, now: Date): string {
  const time = now.toISOString().slice(11, 23);
  const lines = Object.entries(event).filter(([name]) => name !== 'msg').flatMap(([name, value]) => attributeLines(`Attribute${name}`, value, 1));
  return [`@${time}0 [0] received message ${event.msg}`, ...lines].join('\n');
}

function attributeLines(name: string, value: TAttribute, depth: number): string[] {
  const head = `${'\t'.repeat(depth)}${name}`;
  if (Array.isArray(value)) {
    return [head, ...(value as KVList).flatMap((pair) => (Array.isArray(pair)
      ? attributeLines(`'${pair[0] as string}'`, pair[1] as TAttribute, depth + 1) : [`${'\t'.repeat(depth + 1)}${String(pair)}`]))];
  }
  if (typeof value === 'object') return [`${head}\t${(value as TTime).sec}.${String((value as TTime).usec).padStart(6, '0')}`];
  return [`${head}\t${typeof value === 'string' ? `'${value}'` : String(value)}`];
}

/** KV-lists as objects where keys do not repeat, for `--json`. */
function plain(event: TEvent): object {
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [name, Array.isArray(value) ? plainList(value as KVList) : value]));
}

function plainList(list: KVList): unknown {
  const pairs = list.map(([key, value]) => [key, typeof value === 'object' ? plainList(value) : value] as const);
  return new Set(pairs.map(([key]) => key)).size === pairs.length ? Object.fromEntries(pairs) : pairs;
}
