/** `cordboard history`: what was, by time, DN, agent or ConnID, as a table, JSON or CSV. */
import { parseArgs } from 'node:util';
import { ask, fetched, type Place } from './ask.js';
import { table } from './table.js';

type Row = Record<string, unknown>;

interface HistoryList {
  /** As the console calls it. */
  readonly path: string;
  readonly what: string;
  /** Columns of the table; JSON and CSV have all. */
  readonly columns: readonly string[];
}

const LISTS: Readonly<Record<string, HistoryList>> = {
  calls: {
    path: 'calls', what: 'calls that ended',
    columns: ['startedAtMs', 'connID', 'callType', 'ani', 'dnis', 'result', 'dn', 'agent', 'waitMs', 'pickupMs', 'talkMs', 'durationMs', 'attempts'],
  },
  cdr: {
    path: 'cdrs', what: 'attempts to give a call to somebody',
    columns: ['startedAtMs', 'connID', 'attempt', 'type', 'result', 'dn', 'agent', 'queue', 'ani', 'waitMs', 'pickupMs', 'talkMs', 'cause', 'flags'],
  },
  agents: { path: 'agents', what: 'agents, from login to logout', columns: ['agent', 'dn', 'startedAtMs', 'endedAtMs', 'endCause', 'node'] },
  states: {
    path: 'states', what: 'states of agents, with their reasons',
    columns: ['agent', 'dn', 'state', 'workMode', 'reasons', 'startedAtMs', 'endedAtMs', 'endCause'],
  },
  queues: { path: 'queues', what: 'calls in virtual queues', columns: ['startedAtMs', 'queue', 'connID', 'result', 'target', 'ani', 'endedAtMs'] },
  verdicts: {
    path: 'verdicts', what: 'what call limits said of calls from trunks',
    columns: ['startedAtMs', 'verdict', 'dnis', 'ani', 'trunk', 'sipCode', 'reason', 'rules', 'division', 'withoutStore', 'proxy', 'callId'],
  },
  resources: { path: 'resources', what: 'DNs that took part in something', columns: ['dn', 'type', 'switch', 'firstSeenAtMs'] },
};

export const HISTORY_USAGE = `cordboard history LIST [options]

${Object.entries(LISTS).map(([name, { what }]) => `  ${name.padEnd(12)} ${what}`).join('\n')}
  call CONNID  one call with its parties and attempts

  --from TIME      2026-01-31T12:00:00Z, 2026-01-31, or 2h: so long ago (default 1d)
  --to TIME        default now
  --dn DN          in which this DN took part
  --agent ID       of this agent
  --connid CONNID  of this call
  --ani NUMBER, --rule ID, --verdict passed|refused|shadow-refused, --division NAME   of verdicts
  --limit N        1 to 500 (default 100)
  --after NEXT     the page after the one that said so
  --csv, --json    instead of a table
  --url URL        the console (default http://127.0.0.1:8080)
  --api-key KEY    its api-key, when it has one`;

const text = { type: 'string' } as const;

export async function runHistory(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv], allowPositionals: true,
    options: {
      from: text, to: text, dn: text, agent: text, connid: text,
      ani: text, rule: text, verdict: text, division: text, limit: text, after: text, csv: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
      url: { type: 'string', default: 'http://127.0.0.1:8080' }, 'api-key': text,
    },
  });
  const [name, connID] = positionals;
  if (values.help || name === undefined) {
    console.log(HISTORY_USAGE);
    return values.help ? 0 : 2;
  }
  const place = { url: values.url, apiKey: values['api-key'] };
  if (name === 'call') return showCall(connID, place, values.json);
  const list = LISTS[name];
  if (list === undefined || connID !== undefined) {
    throw new Error(`history has ${Object.keys(LISTS).join(', ')}, and call CONNID; "cordboard history --help" says more`);
  }
  const { from, to, dn, agent, connid, ani, rule, verdict, division, limit, after } = values;
  const all = { from, to, dn, agent, connid, ani, rule, verdict, division, limit, after };
  const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const query = new URLSearchParams(given);
  if (values.csv) {
    query.set('format', 'csv');
    process.stdout.write(await (await fetched(`history/${list.path}?${query}`, place)).text());
    return 0;
  }
  const page = await ask(`history/${list.path}?${query}`, place) as { rows: Row[]; next?: string; incomplete?: string[] };
  console.log(values.json ? JSON.stringify(page, undefined, 2) : table(page.rows.map((row) => picked(row, list.columns)), 'nothing in that time'));
  for (const silent of page.incomplete ?? []) console.error(`what it keeps may be missing here: ${silent}`);
  if (!values.json && page.next !== undefined) console.log(`there is more: --after ${page.next}`);
  return 0;
}

async function showCall(connID: string | undefined, place: Place, json: boolean): Promise<number> {
  if (connID === undefined) throw new Error('say which call: cordboard history call CONNID');
  const { calls } = await ask(`history/calls/${encodeURIComponent(connID)}`, place) as { calls: Row[] };
  if (json) {
    console.log(JSON.stringify(calls, undefined, 2));
    return 0;
  }
  for (const call of calls) {
    const { parties, cdrs, userData, ...rest } = call as Row & { parties: Row[]; cdrs: Row[] };
    console.log([
      table([picked(rest, (LISTS['calls'] as HistoryList).columns)]), 'parties', table(parties, 'none'), 'attempts',
      table(cdrs.map((cdr) => picked(cdr, (LISTS['cdr'] as HistoryList).columns)), 'none'), `user data: ${JSON.stringify(userData)}`,
    ].join('\n'));
  }
  return 0;
}

const picked = (row: Row, columns: readonly string[]): Row => Object.fromEntries(columns.map((column) => [column, row[column]]));
