/**
 * Gathers what one turn of the event loop sends. Handed over together it costs one write to the socket instead of one for each burst,
 * and a write costs more than all else that is done for a message.
 */

/** When so much waits it leaves at once: nothing is lost here, and a long turn does not pile up. */
const CHARS_MAX = 65_536;
const MESSAGES_MAX = 1_024;

interface Outgoing {
  readonly subject: string;
  readonly text: string;
  /** Subject of the answer. */
  readonly reply: string | undefined;
}

export class TurnOutbox {
  #waiting: Outgoing[] = [];
  #chars = 0;
  #immediate: NodeJS.Immediate | undefined;

  /** `send` must not throw; it is called in the order of {@link put}. */
  constructor(private readonly send: (subject: string, text: string, reply: string | undefined) => void) {}

  /** Of the texts that wait. */
  get chars(): number {
    return this.#chars;
  }

  put(subject: string, text: string, reply?: string): void {
    this.#waiting.push({ subject, text, reply });
    this.#chars += text.length;
    if (this.#chars >= CHARS_MAX || this.#waiting.length >= MESSAGES_MAX) this.flush();
    else this.#immediate ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    const leaving = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    for (const { subject, text, reply } of leaving) this.send(subject, text, reply);
  }
}
