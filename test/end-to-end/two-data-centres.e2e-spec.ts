/** Two data centres as local processes over real servers: one number plan, one SRV name, each side nearest to itself (Shows 1). */
import { Resolver } from 'node:dns/promises';
import { type Call, openSoftphones, type Phone, type Softphones } from '#softphone';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.js';
import { natsSuite } from '../support/nats.js';

const ACCESS_POINT = 'sip.cordboard.test';

natsSuite('two data centres as local processes', () => {
  let cluster: LocalCluster;
  const opened: Softphones[] = [];

  beforeAll(async () => { cluster = await startLocalCluster(['--without', 'cassandra']); }, 180_000);
  afterAll(async () => {
    await Promise.all(opened.map((phones) => phones.close()));
    expect(await cluster.stop()).toBe(0);
  }, 60_000);

  async function phonesOf(dataCentre: 'dc1' | 'dc2', ...users: string[]): Promise<Phone[]> {
    const block = cluster.blocks[dataCentre];
    const phones = await openSoftphones({
      listen: [{ transport: 'udp', host: `${block}.71`, port: 0 }, { transport: 'tcp', host: `${block}.71`, port: 0 }],
      nameserver: { host: `${block}.41`, port: 5300 },
    });
    opened.push(phones);
    return users.map((user) => phones.add({ user, domain: ACCESS_POINT, password: `secret-${user}` }));
  }
  const nextCall = (phone: Phone): Promise<Call> => new Promise((resolve) => { phone.events.onCall = resolve; });

  it('list the proxies of their own first, those of the other after them (DNS-01, DNS-02)', async () => {
    for (const [dataCentre, other, server] of [['dc1', 'dc2', 'dc1'], ['dc2', 'dc1', 'dc2'], ['dc2', 'dc1', 'dc1']] as const) {
      const resolver = new Resolver();
      // The server of its own data centre, and the other's: who asks counts.
      resolver.setServers([`${cluster.blocks[server]}.41:5300`]);
      resolver.setLocalAddress(`${cluster.blocks[dataCentre]}.72`);
      const records = await resolver.resolveSrv(`_sip._udp.${ACCESS_POINT}`);
      const at = (priority: number): string[] => records.filter((record) => record.priority === priority).map(({ name }) => name).sort();
      expect(at(10)).toEqual([`sipp-${dataCentre}-1.${ACCESS_POINT}`, `sipp-${dataCentre}-2.${ACCESS_POINT}`]);
      expect(at(200)).toEqual([`sipp-${other}-1.${ACCESS_POINT}`, `sipp-${other}-2.${ACCESS_POINT}`]);
    }
  });

  it('ring a phone that is registered in one from the other, by the SRV name', async () => {
    const [[called], [caller]] = [await phonesOf('dc1', '7001'), await phonesOf('dc2', '7002')] as [[Phone], [Phone]];
    expect(await Promise.all([called.register(), caller.register()])).toEqual([200, 200]);
    const arrives = nextCall(called);
    const calling = caller.call('7001');
    const ringing = await arrives;
    ringing.answer();
    await Promise.all([calling.until('Established'), ringing.until('Established')]);
    ringing.hangUp();
    await calling.until('Ended');
    expect(calling.end).toEqual({ by: 'them', status: 200 });
  }, 60_000);

  it('start a process again that was killed (HA-12)', async () => {
    const before = cluster.state().processes.find(({ name }) => name === 'SIPP_dc2_2')!;
    process.kill(before.pid, 'SIGKILL');
    await cluster.says(/SIPP_dc2_2 ended \(SIGKILL\)/);
    await cluster.says(/SIPP_dc2_2 serves again/);
    const after = cluster.state().processes.find(({ name }) => name === 'SIPP_dc2_2')!;
    expect(after).toMatchObject({ restarts: 1, kind: 'application', dataCentre: 'dc2' });
    expect(after.pid).not.toBe(before.pid);
  }, 60_000);
});
