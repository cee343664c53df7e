/**
 * The heart of docs/specs/pairs.md for calls: whatever change of a call the first half dies after, the other half brings the call to its end, as
 * if nothing had happened to who talks or waits.
 */
import { changesOf, fate, SCRIPTS } from '../fixtures/cut-scripts.fixture.js';
import type { Cut } from '../fixtures/pair-stage.fixture.js';

const CUTS: readonly Cut['last'][] = ['told', 'held'];
for (const last of CUTS) describe(`cut after each change, the last one ${last}`, () => {
  it.each(Object.entries(SCRIPTS))('%s', async (_name, script) => {
    const changes = await changesOf(script);
    expect(changes).toBeGreaterThan(3);
    const problems: string[] = [];
    for (let after = 1; after <= changes; after += 1) problems.push(...await fate(script, after, last));
    expect(problems).toEqual([]);
  }, 60_000);
});
