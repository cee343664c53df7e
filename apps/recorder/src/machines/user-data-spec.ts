/** Which user data of a call is kept, and in which column (HR-07). Nothing unless it is named: user data may be personal. */
import { type KVList, kvText } from '#tlib';

/** Key of the user data to column. */
export type UserDataSpec = ReadonlyMap<string, string>;

/** Longer values are cut: history is no place for documents. */
const VALUE_MAX = 1_000;

/** From entries `key` or `key=column`. */
export function userDataSpec(entries: readonly string[]): UserDataSpec {
  return new Map(entries.map((entry) => {
    const at = entry.indexOf('=');
    return at === -1 ? [entry, entry] : [entry.slice(0, at), entry.slice(at + 1)];
  }));
}

/** Of a key that stands twice the first value. */
export function chosenUserData(spec: UserDataSpec, userData: KVList): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const [key, column] of spec) {
    const value = kvText(userData, key);
    if (value !== undefined) chosen[column] = value.slice(0, VALUE_MAX);
  }
  return chosen;
}
