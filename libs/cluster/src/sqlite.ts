/** Drivers over SQLite. Imported only where a process is composed. */
export { SqliteQueue } from './queue/sqlite.js';
