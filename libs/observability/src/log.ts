/** Logs as JSON lines, one level per subsystem, without secrets. */
import { type DestinationStream, pino } from 'pino';
import type { Log, LogFields } from '#kernel';
import { redact, redactText } from './redact.js';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** For everything that `levels` does not name. */
  readonly level?: LogLevel;
  /** By subsystem: the `subsystem` field given to {@link Log.with}. */
  readonly levels?: Readonly<Record<string, LogLevel>>;
  /** Fields of every line, such as the application's name. */
  readonly fields?: LogFields;
  /** `stderr` keeps stdout free for a command's own output. */
  readonly destination?: 'stdout' | 'stderr' | DestinationStream;
}

/** A log whose levels operators change while it runs. */
export interface LeveledLog extends Log {
  /** For one subsystem, or without one for all that have none of their own. */
  setLevel(level: LogLevel, subsystem?: string): void;
  /** What is set now; the key `*` stands for the rest. */
  levels(): Readonly<Record<string, LogLevel>>;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };
const REST = '*';

/** Levels that are looked up once per change and not once per line. */
class Levels {
  readonly #byName = new Map<string, LogLevel>();
  changes = 0;

  constructor(level: LogLevel, levels: Readonly<Record<string, LogLevel>>) {
    this.#byName.set(REST, level);
    for (const [subsystem, own] of Object.entries(levels)) this.#byName.set(subsystem, own);
  }

  set(level: LogLevel, subsystem: string): void {
    this.#byName.set(subsystem, level);
    this.changes += 1;
  }

  rank(subsystem: string): number {
    return RANK[this.#byName.get(subsystem) ?? (this.#byName.get(REST) as LogLevel)];
  }

  all(): Readonly<Record<string, LogLevel>> {
    return Object.fromEntries(this.#byName);
  }
}

type Sink = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

class PinoLog implements LeveledLog {
  #rank = 0;
  #asOf = -1;

  constructor(private readonly sink: Sink, private readonly shared: Levels, private readonly subsystem: string) {}

  debug(message: string, fields?: LogFields): void {
    if (this.#passes(0)) this.sink.debug(redactFields(fields), redactText(message));
  }

  info(message: string, fields?: LogFields): void {
    if (this.#passes(1)) this.sink.info(redactFields(fields), redactText(message));
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#passes(2)) this.sink.warn(redactFields(fields), redactText(message));
  }

  error(message: string, fields?: LogFields): void {
    if (this.#passes(3)) this.sink.error(redactFields(fields), redactText(message));
  }

  with(fields: LogFields): LeveledLog {
    const subsystem = typeof fields['subsystem'] === 'string' ? fields['subsystem'] : this.subsystem;
    return new PinoLog(this.sink.child(redactFields(fields)), this.shared, subsystem);
  }

  setLevel(level: LogLevel, subsystem: string = REST): void {
    this.shared.set(level, subsystem);
  }

  levels(): Readonly<Record<string, LogLevel>> {
    return this.shared.all();
  }

  #passes(rank: number): boolean {
    if (this.#asOf !== this.shared.changes) {
      this.#asOf = this.shared.changes;
      this.#rank = this.shared.rank(this.subsystem);
    }
    return rank >= this.#rank;
  }
}

export function makeLog(options: LogOptions = {}): LeveledLog {
  const levels = new Levels(options.level ?? 'info', options.levels ?? {});
  const sink = pino(
    { level: 'debug', base: redactFields(options.fields), formatters: { level: (label) => ({ level: label }) } },
    destinationOf(options.destination ?? 'stdout'),
  );
  return new PinoLog(sink, levels, REST);
}

/** Written at once: the last lines before a crash are those one wants to read. */
function destinationOf(destination: 'stdout' | 'stderr' | DestinationStream): DestinationStream {
  if (typeof destination !== 'string') return destination;
  return pino.destination({ fd: destination === 'stderr' ? 2 : 1, sync: true });
}

function redactFields(fields: LogFields = {}): Record<string, unknown> {
  return redact(fields) as Record<string, unknown>;
}
