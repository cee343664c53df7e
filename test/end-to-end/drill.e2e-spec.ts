/** Drills on a light cluster: one that passes, and one in which a call is lost, which must not. */
import { loadConfig } from '#config';
import { drillNamed } from '../../apps/drill/src/machines/drills.js';
import { runDrill } from '../../apps/drill/src/run.js';
import { Consoles } from '../../apps/drill/src/load/console.js';
import { stageOf } from '../../apps/drill/src/machines/stage.js';
import { LocalProcesses } from '../../apps/drill/src/topology/local-processes.js';
import type { FaultAction, Topology } from '../../apps/drill/src/topology/port.js';
import { type LightCluster, startLightCluster } from '../support/light-cluster.js';
import { natsSuite } from '../support/nats.js';

natsSuite('drills', () => {
  let cluster: LightCluster;

  beforeAll(async () => { cluster = await startLightCluster({ phones: 40 }); }, 120_000);
  afterAll(() => cluster.stop(), 60_000);

  const drill = async (topology: Topology, calls: number) => {
    const printed: string[] = [];
    const verdict = await runDrill({
      drill: drillNamed('kill-proxy'), topology, calls, seed: 2, interrupted: new Promise(() => {}), print: (line) => printed.push(line),
    });
    return { verdict, printed };
  };

  it('pass when a proxy is killed and calls go on by the other one', async () => {
    const { verdict, printed } = await drill(new LocalProcesses(cluster.stateFile), 6);
    expect(printed.join('\n')).toContain('passed');
    expect(verdict.json).toMatchObject({
      drill: 'kill-proxy', passed: true, callsLost: 0, eventsLost: 0, eventsDoubled: 0, agentsStuck: 0, recordsMissing: null, heldCalls: 6, queuedCalls: 1,
    });
    expect(JSON.parse(printed.at(-1)!)).toEqual(verdict.json);
  }, 90_000);

  it('fail when a call is lost meanwhile, and name it', async () => {
    const processes = new LocalProcesses(cluster.stateFile);
    const consoles = new Consoles(stageOf(loadConfig(processes.config).config).dataCentres.flatMap((each) => each.consoles), undefined);
    let cleared = '';
    const clearOne = async (): Promise<void> => {
      const calls = (await consoles.command('calls list')).flatMap(({ result }) => result?.['calls'] as { connID: string; parties: { dn: string }[] }[]);
      cleared = calls.find(({ parties }) => parties.some(({ dn }) => dn.startsWith('20')))!.connID;
      await consoles.command('calls clear', { connID: cleared });
    };
    const topology: Topology = {
      kind: 'processes', config: processes.config, members: processes.members, links: processes.links, refuses: (action) => processes.refuses(action),
      perform: async (action: FaultAction) => {
        if (action.kind === 'kill') await clearOne();
        await processes.perform(action);
      },
    };
    const { verdict, printed } = await drill(topology, 2);
    const lost = printed.map((line) => line.trim()).filter((line) => /^(?:held|queued|new) call /.test(line));
    expect(lost).toEqual([expect.stringMatching(new RegExp(`^held call ${cleared} of \\S+ .*: ended though nobody hung up`))]);
    expect(verdict.json).toMatchObject({ passed: false, callsLost: 1 });
  }, 90_000);
});
