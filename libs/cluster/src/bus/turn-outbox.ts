/**
 * Gathers what one turn of the event loop sends. Handed over together it costs one write to the socket instead of one for each burst,
 * and a write costs more than all else that is done for a message.
 */

/** When so much waits it leaves at once: nothing is lost here, and a long turn does not pile up. */
const CHARS_MAX = 65_536;
const MESSAGES_MAX = 1_024;

export class TurnOutbox {
  #waiting: (() => void)[] = [];
  #chars = 0;
  #immediate: NodeJS.Immediate | undefined;

  /** Of the texts that wait. */
  get chars(): number {
    return this.#chars;
  }

  /** `send` is called in the order of the calls, and must not throw; `chars`: what it sends. */
  put(chars: number, send: () => void): void {
    this.#waiting.push(send);
    this.#chars += chars;
    if (this.#chars >= CHARS_MAX || this.#waiting.length >= MESSAGES_MAX) this.flush();
    else this.#immediate ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const leaving = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    for (const send of leaving) send();
  }
}
