/** KV-lists as values: ordered, duplicates allowed, keys case-sensitive (tlibrary §5.6). */
import type { KVList, KVValue, TAttribute } from '#tlib';

export const EMPTY: KVList = [];

/** An attribute that should be a KV-list; whatever else stands there counts as an empty one. */
export function kvListOf(attribute: TAttribute): KVList {
  return Array.isArray(attribute) && attribute.every(Array.isArray) ? attribute as unknown as KVList : EMPTY;
}

/** The first value of the key. */
export function kvFind(list: KVList, key: string): KVValue | undefined {
  for (const pair of list) if (pair[0] === key) return pair[1];
  return undefined;
}

/** As text: options and extensions are written as numbers or strings alike. */
export function kvText(list: KVList, key: string): string | undefined {
  const value = kvFind(list, key);
  return value === undefined || typeof value === 'object' ? undefined : String(value);
}

/** RequestAttachUserData: a pair whose key exists is added as a second pair (tlibrary §3.9). */
export function kvAppend(list: KVList, more: KVList): KVList {
  return [...list, ...more];
}

/** RequestUpdateUserData: the first pair of a key takes the new value in its place, further ones go; new keys come last. */
export function kvReplace(list: KVList, more: KVList): KVList {
  let result: KVList = list;
  for (const pair of more) result = kvReplaceOne(result, pair);
  return result;
}

function kvReplaceOne(list: KVList, pair: KVList[number]): KVList {
  const at = list.findIndex(([key]) => key === pair[0]);
  if (at < 0) return [...list, pair];
  return [...list.slice(0, at), pair, ...kvWithout(list.slice(at + 1), pair[0])];
}

/** RequestDeletePair: all pairs of the key go. */
export function kvWithout(list: KVList, key: string): KVList {
  return list.filter((pair) => pair[0] !== key);
}

/** Bytes of keys and values, as a bound for memory rather than as any encoding has them. */
export function kvSize(list: KVList): number {
  let size = 0;
  for (const [key, value] of list) size += key.length + valueSize(value);
  return size;
}

function valueSize(value: KVValue): number {
  if (typeof value === 'number') return 8;
  return typeof value === 'string' ? value.length : kvSize(value);
}
