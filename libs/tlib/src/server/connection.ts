/** One TCP connection: lines in, lines out, written once per turn of the event loop. */
import type { Socket } from 'node:net';
import { LineFramer } from '../codec/line-framer.js';
import type { LineSink } from './session.js';

export interface ConnectionEvents {
  /** undefined stands for bytes that are not UTF-8. */
  onLine(connection: Connection, line: string | undefined): void;
  onTooLong(connection: Connection): void;
  /** Once, however the connection ended. */
  onClosed(connection: Connection): void;
  /** Its last line is on the way; the client has not closed its side yet. */
  onEnding(connection: Connection): void;
  /** Nothing is left of it. */
  onGone(connection: Connection): void;
  /** The client has read what waited for it. */
  onDrained(connection: Connection): void;
  /** Asks for {@link Connection.flush} at the end of this turn. */
  wantsFlush(connection: Connection): void;
}

/** Asked before anything is read or written. */
export interface Gate {
  isOpen(): boolean;
  /** Closed: true when it may open soon, and `work` is told whether it did. */
  hold(way: 'in' | 'out', work: (passed: boolean) => void): boolean;
}

export class Connection implements LineSink {
  readonly #framer = new LineFramer();
  #pending = '';
  #open = true;
  #paused = false;
  /** What waits for the gate, to be read and to be written. */
  #isInputHeld = false;
  #isOutputHeld = false;
  #endsThen = false;
  lastHeardMs: number;
  /** Bytes that the kernel had taken, and when that number last grew. */
  #takenBytes = 0;
  #takenAtMs: number;

  constructor(
    private readonly socket: Socket, private readonly events: ConnectionEvents, private readonly nowMs: () => number,
    private readonly gate?: Gate,
  ) {
    this.lastHeardMs = nowMs();
    this.#takenAtMs = this.lastHeardMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => events.onDrained(this));
    socket.on('error', () => this.destroy());
    socket.on('close', () => {
      this.#closed();
      events.onGone(this);
    });
    socket.on('end', () => this.end());
  }

  get remote(): string {
    return `${this.socket.remoteAddress ?? '-'}:${this.socket.remotePort ?? 0}`;
  }

  /** It is not read at the moment, so its silence means nothing. */
  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.lastHeardMs = this.nowMs();
    if (!this.#isInputHeld) this.socket.resume();
  }

  /** Bytes that wait for the client to read. */
  get backlogBytes(): number {
    return this.socket.writableLength + this.#pending.length;
  }

  /** How long the client has read nothing although something waits. */
  stalledMs(nowMs: number): number {
    const taken = this.socket.bytesWritten - this.socket.writableLength;
    if (this.socket.writableLength === 0 || taken > this.#takenBytes) {
      this.#takenBytes = taken;
      this.#takenAtMs = nowMs;
    }
    return nowMs - this.#takenAtMs;
  }

  write(line: string): void {
    if (!this.#open) return;
    if (this.#pending === '') this.events.wantsFlush(this);
    this.#pending += line;
  }

  flush(): void {
    if (this.#pending === '' || !this.#open || this.#isOutputHeld) return;
    if (this.gate?.isOpen() === false) return this.#holdOutput(this.gate);
    this.#writePending();
  }

  #writePending(): void {
    const text = this.#pending;
    this.#pending = '';
    this.socket.write(text);
  }

  #holdOutput(gate: Gate): void {
    this.#isOutputHeld = gate.hold('out', (passed) => {
      this.#isOutputHeld = false;
      if (!passed) return this.destroy();
      if (!this.socket.destroyed) this.#writePending();
      if (this.#endsThen) this.socket.end();
    });
    if (!this.#isOutputHeld) this.destroy();
  }

  /** Sends what waits, then closes. */
  end(): void {
    this.flush();
    this.#endsThen = this.#isOutputHeld;
    if (!this.#endsThen) this.socket.end();
    if (this.#open) this.events.onEnding(this);
    this.#closed();
  }

  destroy(): void {
    this.socket.destroy();
    this.#closed();
  }

  #received(chunk: Buffer): void {
    if (!this.#open) return;
    this.lastHeardMs = this.nowMs();
    if (this.gate?.isOpen() === false) return this.#holdInput(this.gate, chunk);
    this.#read(chunk);
  }

  /** The client is not read until it is known whether it may be. */
  #holdInput(gate: Gate, chunk: Buffer): void {
    this.socket.pause();
    this.#isInputHeld = gate.hold('in', (passed) => {
      this.#isInputHeld = false;
      if (!passed) return this.destroy();
      this.#read(chunk);
      if (!this.#paused) this.socket.resume();
    });
    if (!this.#isInputHeld) this.destroy();
  }

  #read(chunk: Buffer): void {
    if (!this.#open) return;
    const fits = this.#framer.push(chunk, (line) => {
      if (this.#open) this.events.onLine(this, line);
    });
    if (!fits && this.#open) this.events.onTooLong(this);
  }

  #closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.events.onClosed(this);
  }
}
