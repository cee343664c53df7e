/** Drivers over SQLite. Imported only where a process is composed. */
export { SqliteKeeper } from './key-value/sqlite.js';
export { SqliteQueue } from './queue/sqlite.js';
