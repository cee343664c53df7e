// Where fetched servers lie. A server is put together beside its place and moved there when it is whole.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CACHE = fileURLToPath(new URL('../../.cache/servers/', import.meta.url));

export const progress = (text) => console.error(`cordboard: ${text}`);

/** Fills `.cache/servers/<name>` by `fill(folder)` unless it is there; two processes that do so at once do not meet. */
export async function cached(name, fill) {
  const place = join(CACHE, name);
  if (existsSync(place)) return place;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, `${name}-`));
  try {
    await fill(folder);
    renameSync(folder, place);
  } catch (error) {
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return place;
}
