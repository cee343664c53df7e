/** The T-Controller in a process of its own. */
import { runTier } from '#tier';
import { startTController } from './start.js';

await runTier('sip-server', [startTController], process.argv.slice(2));
