/** Strings for keeping. */
import { compact } from '#kernel';

/** Beyond so many different names nothing more is shared; each is still kept compactly. */
const NAMES_MAX = 4_096;

/** Keeps one copy of what many records repeat: node names, user agents, paths. */
export class Interner {
  readonly #names = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  of(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = compact(text);
    if (this.#names.size < NAMES_MAX) this.#names.set(name, name);
    return name;
  }

  list(texts: readonly string[]): readonly string[] {
    const key = texts.join('\n');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = Object.freeze(texts.map((text) => this.of(text)));
    if (this.#lists.size < NAMES_MAX) this.#lists.set(compact(key), list);
    return list;
  }
}
