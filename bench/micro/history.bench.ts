/** What history costs: a routed call of eleven events from its first line in the durable queue to its five records in a SQLite file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueEntry } from '#cluster';
import { SqliteQueue } from '#cluster/sqlite';
import type { AnyHistoryRecord } from '#store';
import { SqliteHistoryStore } from '#store/sqlite';
import { tTime, type TEvent } from '#tlib';
import type { HistoryEffect } from '../../apps/recorder/src/machines/effects.js';
import type { Heard } from '../../apps/recorder/src/machines/heard.js';
import { History } from '../../apps/recorder/src/machines/history.js';
import { HistoryQueries } from '../../apps/recorder/src/services/history-queries.js';
import { measure, measureAsync, report } from './measure.js';

const CALLS = 500;
const T0 = Date.UTC(2026, 0, 1);
let made = 0;

function callEvents(): Heard[] {
  made += 1;
  const name = `U${made}`;
  const ConnID = made.toString(16).padStart(16, '0');
  const about = { CallUUID: name, ConnID, CallID: made, Node: 'SIPS_dc1_1', TimeStamp: tTime(T0 + made * 50), Time: tTime(T0) };
  const party = (id: number, DN: string, PartyType: string, PartyState: number, Cause = 'Empty'): object =>
    ({ PartyUUID: `${name}-${id}`, PartyType, PartyState, DN, DNRole: id === 1 ? 'Origination' : 'Destination', Cause });
  const said: [string, object][] = [
    ['Created', { CallType: 'Inbound', PropagatedCallType: 'Inbound', ANI: '8880001', DNIS: '5000' }],
    ['PartyAdded', party(1, '8880001', 'External', 1)], ['PartyAdded', party(2, '5000', 'RoutingPoint', 9)],
    ['PartyAdded', party(3, `70${made % 50}`, 'Internal', 0xa, 'Route')], ['PartyDeleted', { PartyUUID: `${name}-2`, DN: '5000', Cause: 'Route' }],
    ['PartyState', { PartyUUID: `${name}-3`, PartyState: 0xc }], ['PartyState', { PartyUUID: `${name}-1`, PartyState: 0xc }],
    ['PartyState', { PartyUUID: `${name}-3`, PartyState: 0xe }],
    ['PartyDeleted', { PartyUUID: `${name}-3`, DN: '', Cause: 'Empty' }], ['PartyDeleted', { PartyUUID: `${name}-1`, DN: '', Cause: 'Empty' }], ['Deleted', {}],
  ];
  return said.map(([msg, more], i) => ({
    source: 'S/IPport', session: 's', sequence: made * 20 + i, event: { msg: `EventCall${msg}`, ...about, ...more } as unknown as TEvent,
  }));
}

const calls = (): Heard[] => Array.from({ length: CALLS }, callEvents).flat();
const folder = mkdtempSync(join(tmpdir(), 'cordboard-bench-'));
const history = new History({ switchName: 'Bench', userData: new Map(), typeOf: () => undefined });

function recordsOf(lines: readonly Heard[]): AnyHistoryRecord[] {
  const effects: HistoryEffect[] = [];
  for (const [seq, heard] of lines.entries()) history.on({ kind: 'heard', seq, heard }, effects);
  return effects.flatMap((effect) => (effect.kind === 'write' ? [effect.record] : []));
}

const rows = [];
rows.push(measure('making the events themselves, per call', CALLS, () => void calls()));
rows.push(measure('... and records of them, per call', CALLS, () => void recordsOf(calls())));

const queue = SqliteQueue.open(join(folder, 'queue.db'));
rows.push(await measureAsync('... through the durable queue in SQLite, per call', CALLS, async () => {
  const entries = calls().map((body): QueueEntry => ({ id: String(body.sequence), body }));
  // As a recorder does it at 50 calls a second: a few events at a time.
  for (let i = 0; i < entries.length; i += 20) {
    await queue.append(entries.slice(i, i + 20));
    await queue.ack((await queue.take(500)).map(({ seq }) => seq));
  }
}));
await queue.close();

const store = SqliteHistoryStore.open({ file: join(folder, 'history.db'), nowMs: () => T0 });
rows.push(await measureAsync('records of calls into the SQLite store, per call', CALLS, async () => {
  const records = recordsOf(calls());
  for (let i = 0; i < records.length; i += 50) await store.append(records.slice(i, i + 50));
}));
const queries = new HistoryQueries(store);
const latest = { fromMs: T0, toMs: T0 + 86_400_000, limit: 100 };
rows.push(await measureAsync('a page of 100 calls with parties, attempts and agents', 1, async () => void await queries.calls(latest)));
rows.push(await measureAsync('a page of 100 attempts of one DN', 1, async () => void await queries.cdrs({ ...latest, dn: '7017' })));
await store.close();
rmSync(folder, { recursive: true, force: true });
report(rows);
