/** The console in a process of its own. */
import { runTier } from '#tier';
import { startConsole } from './start.js';

await runTier('console', [startConsole], process.argv.slice(2));
