/**
 * A session controller that is killed after any change of a call, before a real proxy that learns where its node is now: the call goes on
 * (docs/specs/pairs.md). What phones, owners and routers must see is that of the session controller's own tests.
 */
import { changesOf, fate, SCRIPTS } from '../../apps/session-controller/src/fixtures/cut-scripts.fixture.js';
import type { StartFront } from '../../apps/session-controller/src/fixtures/pair-stage.fixture.js';
import { proxyProcess } from './tiers.js';

const realProxy: StartFront = (ports, config, application) => {
  const started = proxyProcess(config, application)(ports) as { close(): void };
  return { problems: [], transactions: undefined, close: () => started.close() };
};

describe('the proxy and the other half', () => {
  it.each(Object.entries(SCRIPTS))('%s', async (_name, script) => {
    const changes = await changesOf(script, realProxy);
    const problems: string[] = [];
    for (let after = 1; after <= changes; after += 1) problems.push(...await fate(script, after, 'told', realProxy));
    expect(problems).toEqual([]);
  }, 120_000);
});
