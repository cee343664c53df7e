import type { ListeningAddress } from '#sip';
import { SimIdleLines } from './sim-idle-lines.js';
import { type SimPorts, World } from './world.js';

const AT: ListeningAddress = { transport: 'tcp', host: '10.0.0.1', port: 5060 };

describe('idle lines of the simulation', () => {
  let world: World;
  let news: string[];
  const nothing = { close: () => {} };

  beforeEach(async () => {
    world = new World(1);
    news = [];
    await world.start('server', (ports) => {
      ports.sip.listen(ports.node, [AT], () => { throw new Error('nothing is sent over a line'); });
      return nothing;
    });
  });

  const dial = async (port = AT.port) => {
    let ports: SimPorts | undefined;
    await world.start('client', (given) => {
      ports = given;
      return nothing;
    });
    const { sip, node } = ports as SimPorts;
    return new SimIdleLines(sip, node).dial(AT.host, port, { opened: () => void news.push('opened'), closed: (reason) => void news.push(reason) });
  };

  it('stand until the process at the other end dies', async () => {
    await dial();
    expect(news).toEqual([]);
    await world.advance(60_000);
    expect(news).toEqual(['opened']);
    world.crash('server');
    await world.advance(1);
    expect(news).toEqual(['opened', 'the other end closed the connection']);
  });

  it('are refused where nobody listens', async () => {
    await dial(5061);
    await world.advance(1);
    expect(news).toEqual(['refused']);
  });

  it('do not see a process that only stands still, nor what happens behind a cut', async () => {
    await dial();
    await world.advance(10);
    world.pause('server');
    await world.advance(60_000);
    world.resume('server');
    world.partition(['client'], ['server']);
    world.crash('server');
    await world.advance(60_000);
    expect(news).toEqual(['opened']);
    world.heal();
    await world.advance(1);
    expect(news).toHaveLength(2);
  });

  it('tell nothing to who closed them', async () => {
    const line = await dial();
    await world.advance(10);
    line.close();
    world.crash('server');
    await world.advance(10);
    expect(news).toEqual(['opened']);
  });

  it('are nothing to the next life of who dialled', async () => {
    await dial();
    await world.advance(10);
    world.node('client').crash();
    world.node('client').revive();
    world.crash('server');
    await world.advance(10);
    expect(news).toEqual(['opened']);
  });
});
