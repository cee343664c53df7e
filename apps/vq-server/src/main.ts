/** The virtual-queue server in a process of its own. */
import { runTier } from '#tier';
import { startVqServer } from './start.js';

await runTier('vq-server', [startVqServer], process.argv.slice(2));
