/** The smart proxy in a process of its own. */
import { runTier } from '#tier';
import { startSmartProxy } from './start.js';

await runTier('sip-server', [startSmartProxy], process.argv.slice(2));
