/** The router in a process of its own. */
import { runTier } from '#tier';
import { startRouter } from './start.js';

await runTier('router', [startRouter], process.argv.slice(2));
