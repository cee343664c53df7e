/** The DNS server as a process of its own. */
import { runTier } from '#tier';
import { startDnsServer } from './index.js';

await runTier('dns-server', [startDnsServer], process.argv.slice(2));
