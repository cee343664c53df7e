/** KV-lists: ordered, keys may repeat (tlibrary §5.6). On the wire an object, or pairs where keys repeat (tlib-protocol §1). */
import type { KVList, KVPair, KVValue } from '../message.js';

export type KVSource = { readonly [key: string]: KVValue | KVSource | undefined };

/** A list from an object; undefined values are left out. */
export function kv(source: KVSource): KVList {
  const pairs: KVPair[] = [];
  for (const key of Object.keys(source)) {
    const value = source[key];
    if (value === undefined) continue;
    pairs.push([key, typeof value === 'object' && !Array.isArray(value) ? kv(value as KVSource) : value as KVValue]);
  }
  return pairs;
}

export const EMPTY_KV: KVList = [];

/** The first value of that key. */
export function kvGet(list: KVList | undefined, key: string): KVValue | undefined {
  if (list === undefined) return undefined;
  for (const pair of list) if (pair[0] === key) return pair[1];
  return undefined;
}

/** The first value of that key as text; numbers are written out. */
export function kvText(list: KVList | undefined, key: string): string | undefined {
  const value = kvGet(list, key);
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined;
}

/** RequestAttachUserData: pairs are added, even where the key exists. */
export const kvAttach = (list: KVList, added: KVList): KVList => (added.length === 0 ? list : [...list, ...added]);

/** RequestUpdateUserData: existing keys get the new value in place, others are added. */
export function kvUpdate(list: KVList, changes: KVList): KVList {
  let updated = list;
  for (const change of changes) {
    const at = updated.findIndex((pair) => pair[0] === change[0]);
    if (at === -1) updated = [...updated, change];
    else updated = updated.flatMap((pair, i) => (pair[0] !== change[0] ? [pair] : i === at ? [change] : []));
  }
  return updated;
}

/** RequestDeletePair: every pair of that key goes. */
export const kvDelete = (list: KVList, key: string): KVList => list.filter((pair) => pair[0] !== key);

/** JSON text: an object unless keys repeat, in the list's order. */
export function kvToJson(list: KVList): string {
  const keys = new Set<string>();
  let repeated = false;
  for (const [key] of list) {
    if (keys.has(key)) repeated = true;
    keys.add(key);
  }
  const items = list.map(([key, value]) =>
    (repeated ? `[${JSON.stringify(key)},${valueToJson(value)}]` : `${JSON.stringify(key)}:${valueToJson(value)}`));
  return repeated ? `[${items.join(',')}]` : `{${items.join(',')}}`;
}

const valueToJson = (value: KVValue): string => (typeof value === 'object' ? kvToJson(value) : JSON.stringify(value));

const DEPTH_MAX = 16;

/** Either JSON form, or undefined when it is neither, or nested deeper than 16. */
export function kvFromJson(json: unknown, depth = 0): KVList | undefined {
  if (typeof json !== 'object' || json === null || depth > DEPTH_MAX) return undefined;
  const entries: unknown[] = Array.isArray(json) ? json : Object.entries(json);
  const pairs: KVPair[] = [];
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string') return undefined;
    const value = valueFromJson(entry[1], depth);
    if (value === undefined) return undefined;
    pairs.push([entry[0], value]);
  }
  return pairs;
}

function valueFromJson(json: unknown, depth: number): KVValue | undefined {
  if (typeof json === 'string') return json;
  if (typeof json === 'number') return Number.isInteger(json) ? json : undefined;
  return kvFromJson(json, depth + 1);
}
