import { laptopOnFreePorts, runCluster } from '../support/cluster.js';

describe('the embedded cluster', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('starts, says so, and ends with 0 soon after %s', async (signal) => {
    const run = runCluster(await laptopOnFreePorts());
    await run.line('cordboard ready');
    run.signal(signal);
    const { status, afterMs } = await run.exited;
    expect(status).toBe(0);
    expect(afterMs).toBeLessThan(5_000);
  }, 30_000);

  it('lives beside another one', async () => {
    const [one, two] = [runCluster(await laptopOnFreePorts()), runCluster(await laptopOnFreePorts(), ['--listen', '127.0.0.2'])];
    await Promise.all([one.line('cordboard ready'), two.line('cordboard ready')]);
    one.signal('SIGTERM');
    two.signal('SIGTERM');
    expect((await Promise.all([one.exited, two.exited])).map(({ status }) => status)).toEqual([0, 0]);
  }, 30_000);

  it('does not start with a wrong option, and says where and what is allowed', async () => {
    const run = runCluster(await laptopOnFreePorts((source) => source.replace('router-timeout: 10', 'router-timeout: soon')));
    expect((await run.exited).status).toBe(1);
    expect(run.output()).toMatch(/switch\.yaml:\d+:\d+: switch\.options\.router-timeout: "soon" is not allowed; must be an integer from 0 to 3600 \(s\)/);
  }, 30_000);

  it('does not start with an unknown argument', async () => {
    const run = runCluster(await laptopOnFreePorts(), ['--prot', '5']);
    expect((await run.exited).status).toBe(1);
    expect(run.output()).toContain("Unknown option '--prot'");
  }, 30_000);
});
