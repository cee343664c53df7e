/** Texts that many entries share, each kept once for as long as somebody uses it. */
export class Texts {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  take(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) {
      this.#uses[known]! += 1;
      return known;
    }
    const id = this.#free.pop() ?? this.#texts.length;
    this.#texts[id] = text;
    this.#uses[id] = 1;
    this.#ids.set(text, id);
    return id;
  }

  get(id: number): string {
    return this.#texts[id]!;
  }

  /** One use less. */
  drop(id: number): void {
    this.#uses[id]! -= 1;
    if (this.#uses[id]! > 0) return;
    this.#ids.delete(this.#texts[id]!);
    this.#texts[id] = '';
    this.#free.push(id);
  }

  get size(): number {
    return this.#ids.size;
  }
}
