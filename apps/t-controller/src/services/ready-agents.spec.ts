import { TcWorld } from '../fixtures/tc-world.fixture.js';

const READY = ['ready:5000', 'ready:VQ_1', 'ready:5100', 'ready:5001'];

async function stage() {
  const it = new TcWorld();
  await it.start('N1');
  const figures = async (): Promise<readonly number[]> => {
    await it.advance(500);
    return it.limiter.usage(READY);
  };
  const login = async (dn: string, AgentID: string) => {
    it.phone('N1', dn);
    await it.advance(500);
    const desk = it.desk('N1');
    desk.register(dn);
    await it.advance(200);
    desk.ask('RequestAgentLogin', { ThisDN: dn, AgentID });
    desk.ask('RequestAgentReady', { ThisDN: dn });
    return desk;
  };
  return { it, figures, login };
}

describe('ready agents', () => {
  it('count in each queue whose skill they have: the router\'s, or queue-skills', async () => {
    const { it, figures, login } = await stage();
    expect(await figures()).toEqual([0, 0, 0, 0]);
    const desk = await login('7001', 'agent7001');
    expect(await figures()).toEqual([1, 1, 1, 0]);
    await login('7002', 'agent7002');
    expect(await figures()).toEqual([1, 1, 2, 0]);
    desk.ask('RequestAgentNotReady', { ThisDN: '7001' });
    expect(await figures()).toEqual([0, 0, 1, 0]);
    desk.ask('RequestAgentReady', { ThisDN: '7001' });
    expect(await figures()).toEqual([1, 1, 2, 0]);
    await it.advance(60_000);
    expect(await figures()).toEqual([1, 1, 2, 0]);
    await it.close();
  });

  it('do not count with a call, nor without their phone', async () => {
    const { it, figures, login } = await stage();
    await login('7001', 'agent7001');
    it.call('N1', '7001', 1, 'EventRinging');
    expect(await figures()).toEqual([0, 0, 0, 0]);
    it.call('N1', '7001', 2, 'EventReleased');
    expect(await figures()).toEqual([1, 1, 1, 0]);
    it.phoneGone('N1', '7001');
    expect(await figures()).toEqual([0, 0, 0, 0]);
    await it.close();
  });
});
