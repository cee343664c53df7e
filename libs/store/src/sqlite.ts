/** Drivers over SQLite. Imported only where a process is composed. */
export { SqliteHistoryStore, type SqliteHistoryOptions } from './history/sqlite.js';
