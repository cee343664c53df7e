/** The session controller as a process of its own. */
import { runTier } from '#tier';
import { startSessionController } from './index.js';

await runTier('sip-server', [startSessionController], process.argv.slice(2));
