/** Logging as a port. `#observability` makes the real one; machines never see it. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line carries `fields`. */
  with(fields: LogFields): Log;
}

export const silentLog: Log = {
  debug() {}, info() {}, warn() {}, error() {},
  with: () => silentLog,
};
