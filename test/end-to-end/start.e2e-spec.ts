import { laptopOnFreePorts, runCluster } from '../support/cluster.js';
import { peerSuite } from '../support/peers.js';
import { startSwitch } from '../support/running-switch.js';
import { registerPhones, runSipp } from '../support/sipp.js';

describe('the embedded cluster', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('starts, says so, and ends with 0 soon after %s', async (signal) => {
    const run = runCluster(await laptopOnFreePorts());
    await run.line('cordboard ready');
    run.signal(signal);
    const { status, afterMs } = await run.exited;
    expect(status).toBe(0);
    expect(afterMs).toBeLessThan(5_000);
  }, 60_000);

  it('lives beside another one', async () => {
    const [one, two] = [runCluster(await laptopOnFreePorts()), runCluster(await laptopOnFreePorts(), ['--listen', '127.0.0.2'])];
    await Promise.all([one.line('cordboard ready'), two.line('cordboard ready')]);
    one.signal('SIGTERM');
    two.signal('SIGTERM');
    expect((await Promise.all([one.exited, two.exited])).map(({ status }) => status)).toEqual([0, 0]);
  }, 60_000);

  it('does not start with a wrong option, and says where and what is allowed', async () => {
    const run = runCluster(await laptopOnFreePorts((source) => source.replace('router-timeout: 10', 'router-timeout: soon')));
    expect((await run.exited).status).toBe(1);
    expect(run.output()).toMatch(/switch\.yaml:\d+:\d+: switch\.options\.router-timeout: "soon" is not allowed; must be an integer from 0 to 3600 \(s\)/);
  }, 60_000);

  it('does not start with an unknown argument', async () => {
    const run = runCluster(await laptopOnFreePorts(), ['--prot', '5']);
    expect((await run.exited).status).toBe(1);
    expect(run.output()).toContain("Unknown option '--prot'");
  }, 60_000);
});

peerSuite('the embedded cluster with a call', ['sipp'], () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('says BYE on both legs and ends with 0 soon after %s', async (signal) => {
    const running = await startSwitch('one process');
    const { plan, proxies } = running;
    const local = `${plan.phones}:6001`;
    expect(await registerPhones(['7001'], local, proxies[0]!, plan.accessPoint)).toMatchObject({ status: 0 });
    const desk = await running.client('TCport', 'desk');
    await desk.registerAddress('7001');
    const established = desk.next('EventEstablished', undefined, 20_000);
    const phone = runSipp('phone-answers', { local, calls: 1, pauseMs: 10, timeoutS: 30 });
    const carrier = runSipp('carrier-waits', { local: `${plan.carrier}:5090`, remote: proxies[0]!, calls: 1, keys: { called: '7001' }, timeoutS: 30 });
    await established;

    const run = running.processes.get('cordboard')!;
    run.signal(signal);
    const { status, afterMs } = await run.exited;
    expect(status).toBe(0);
    expect(afterMs).toBeLessThan(5_000);
    const legs = await Promise.all([carrier.done, phone.done]);
    expect(legs).toMatchObject([{ status: 0, successful: 1, failed: 0 }, { status: 0, successful: 1, failed: 0 }]);
  }, 60_000);
});
