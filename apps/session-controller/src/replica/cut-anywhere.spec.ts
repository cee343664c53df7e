/**
 * The heart of docs/specs/pairs.md for calls: whatever change of a call the first half dies after, the other half brings the call to its end, as
 * if nothing had happened to who talks or waits.
 */
import type { TRequest } from '#tlib';
import { type Cut, PairStage } from '../fixtures/pair-stage.fixture.js';

type Script = (stage: PairStage) => Promise<void>;

const HELD = 0xe;
const TALKING = 0xc;

async function connected(stage: PairStage, dialled: string) {
  const caller = stage.carrier.call(dialled, '8880001');
  await stage.until(() => caller.state === 'Established' && stage.talking !== undefined);
  await stage.until(() => stage.owners.stateOf(stage.talking as string) === TALKING);
  return { caller, agent: stage.talking as string };
}

function about(stage: PairStage, msg: string, dn: string, more: object = {}): TRequest {
  return { msg, ThisDN: dn, ConnID: stage.owners.connIDOf(dn) ?? '', ...more };
}

/** A phone whose request was refused or lost tries again. */
async function insist(stage: PairStage, done: () => boolean, act: () => void): Promise<void> {
  for (let tries = 0; tries < 4 && !done(); tries += 1) {
    act();
    await stage.until(done, 10_000).catch(() => {});
  }
  if (!done()) throw stage.world.failure('the phone tried in vain');
}

const SCRIPTS: Record<string, Script> = {
  'a routed call, ended by the agent': async (stage) => {
    const { caller, agent } = await connected(stage, '5000');
    stage.callOf(agent)?.hangUp();
    await stage.until(() => caller.state === 'Ended');
  },
  'a routed call, ended by the caller': async (stage) => {
    const { caller, agent } = await connected(stage, '5000');
    caller.hangUp();
    await stage.until(() => stage.callOf(agent) === undefined);
  },
  'a call that leaves its Routing Point at ringing': async (stage) => {
    const { caller } = await connected(stage, '5002');
    caller.hangUp();
    await stage.until(() => stage.phones.size.calls === 0);
  },
  'a call by default routing': async (stage) => {
    const { caller, agent } = await connected(stage, '5001');
    expect(agent).toBe('7003');
    caller.hangUp();
    await stage.until(() => stage.phones.size.calls === 0);
  },
  'a caller who gives up while the agent rings': async (stage) => {
    const caller = stage.carrier.call('5000', '8880001');
    await stage.until(() => [...stage.phone('7001').calls, ...stage.phone('7002').calls].some(({ state }) => state === 'Ringing'));
    caller.hangUp();
    await stage.until(() => caller.state === 'Ended');
  },
  'a direct call between phones, held by one of them': async (stage) => {
    const caller = stage.phone('7004').call('7002');
    await stage.until(() => caller.state === 'Established' && stage.owners.stateOf('7004') === TALKING);
    await insist(stage, () => stage.owners.stateOf('7004') === HELD, () => caller.hold());
    await insist(stage, () => stage.owners.stateOf('7004') === TALKING, () => caller.retrieve());
    stage.callOf('7002')?.hangUp();
    await stage.until(() => caller.state === 'Ended');
  },
  'a call to the outside': async (stage) => {
    const caller = stage.phone('7004').call('+4930123');
    await stage.until(() => caller.state === 'Established');
    caller.hangUp();
    await stage.until(() => stage.carriers.size.calls === 0);
  },
  'hold and retrieve on request': async (stage) => {
    const { caller, agent } = await connected(stage, '5000');
    await stage.achieve(() => stage.owners.stateOf(agent) === HELD, () => about(stage, 'RequestHoldCall', agent));
    await stage.achieve(() => stage.owners.stateOf(agent) === TALKING, () => about(stage, 'RequestRetrieveCall', agent));
    await stage.achieve(() => stage.callOf(agent) === undefined, () => about(stage, 'RequestReleaseCall', agent));
    await stage.until(() => caller.state === 'Ended');
  },
  'a transfer': async (stage) => {
    const { caller, agent } = await connected(stage, '5000');
    await stage.achieve(
      () => stage.talking === '7003' && stage.owners.stateOf('7003') === TALKING,
      () => about(stage, 'RequestSingleStepTransfer', agent, { OtherDN: '7003' }),
    );
    expect(caller.state).toBe('Established');
    caller.hangUp();
    await stage.until(() => stage.phones.size.calls === 0);
  },
  'a call on request': async (stage) => {
    await stage.achieve(
      () => stage.owners.stateOf('7001') === TALKING && stage.owners.stateOf('7003') === TALKING,
      () => ({ msg: 'RequestMakeCall', ThisDN: '7001', OtherDN: '7003' }),
    );
    stage.callOf('7003')?.hangUp();
    await stage.until(() => stage.phones.size.calls === 0);
  },
};

async function changesOf(script: Script): Promise<number> {
  const stage = await PairStage.start();
  await script(stage);
  const { flushes } = stage.replica;
  expect(await stage.leftBehind()).toEqual([]);
  await stage.close();
  return flushes;
}

async function fate(script: Script, after: number, last: Cut['last']): Promise<string[]> {
  const stage = await PairStage.start({ after, last });
  try {
    await script(stage);
    const left = await stage.leftBehind();
    if (!stage.carriedOn) left.push('was never cut');
    return left.map((problem) => `cut after change ${after}: ${problem}`);
  } catch (error) {
    return [`cut after change ${after}: ${String(error instanceof Error ? error.message : error)}`];
  } finally {
    await stage.close();
  }
}

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
