/** The proxy as a process of its own. */
import { runTier } from '#tier';
import { startSipProxy } from './index.js';

await runTier('sip-proxy', [startSipProxy], process.argv.slice(2));
