/** A recorder in a process of its own. */
import { runTier } from '#tier';
import { startRecorder } from './start.js';

await runTier('recorder', [startRecorder], process.argv.slice(2));
