/** Suites that need the corpora. */
import { describe, it } from '@jest/globals';
import { corporaAvailable } from './manifest.js';

/** `describe` where the corpora are at hand; elsewhere skipped, or a failure in continuous integration. */
export function corpora(name: string, body: () => void): void {
  if (!corporaAvailable && process.env['CI'] === 'true') {
    it(name, () => { throw new Error('the corpora are missing: set CORDBOARD_CORPORA to their folder'); });
  }
  if (corporaAvailable) describe(name, body);
  else describe.skip(name, () => it('needs CORDBOARD_CORPORA', () => {}));
}
