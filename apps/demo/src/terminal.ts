/** One screen refreshed in place on a terminal; a line at a time on anything else. Plain ANSI. */
import type { WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';

export class Terminal {
  readonly isScreen: boolean;
  #entered = false;

  constructor(private readonly out: WriteStream) {
    this.isScreen = out.isTTY === true;
    process.once('exit', () => this.restore());
  }

  show(lines: (columns: number, rows: number) => readonly string[], line: string): void {
    if (!this.isScreen) {
      this.out.write(`${line}\n`);
      return;
    }
    const enter = this.#entered ? '' : ENTER;
    this.#entered = true;
    // Rewritten in place rather than cleared, so that nothing flickers.
    const text = lines(this.out.columns, this.out.rows - 1).map((each) => `${each}\u001b[K\n`).join('');
    this.out.write(`${enter}\u001b[H${text}\u001b[J`);
  }

  restore(): void {
    if (this.#entered) this.out.write(LEAVE);
    this.#entered = false;
  }
}
