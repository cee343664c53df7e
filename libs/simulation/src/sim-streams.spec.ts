import type { SimConnection } from './sim-streams.js';
import { World } from './world.js';

async function stand() {
  const world = new World(3);
  for (const name of ['server', 'client']) await world.start(name, () => ({ close() {} }));
  const heard: string[] = [];
  let accepted: SimConnection | undefined;
  const stop = world.streams.listen(world.node('server'), 'server:7000', (connection) => {
    accepted = connection;
    connection.onData = (bytes) => heard.push(bytes.toString());
    connection.onClose = () => heard.push('<closed>');
  });
  const client = world.streams.connect(world.node('client'), 'server:7000');
  return { world, heard, client, stop, accepted: () => accepted as SimConnection };
}

describe('SimStreams', () => {
  it('brings bytes over in order, cut anywhere, both ways', async () => {
    const { world, heard, client, accepted } = await stand();
    const text = 'a line that is long enough to be cut\n'.repeat(5);
    client.write(text);
    expect(client.bufferedBytes).toBe(text.length);
    await world.advance(10);
    expect(heard.join('')).toBe(text);
    expect(heard.length).toBeGreaterThan(1);
    expect(client.bufferedBytes).toBe(0);
    const back: string[] = [];
    client.onData = (bytes) => back.push(bytes.toString());
    accepted().write('answer');
    await world.advance(10);
    expect(back.join('')).toBe('answer');
  });

  it('tells the other end of a close, and not its own', async () => {
    const { world, heard, client } = await stand();
    let own = 0;
    client.onClose = () => { own += 1; };
    await world.advance(10);
    client.write('last');
    client.close();
    client.write('too late');
    await world.advance(10);
    expect(heard.join('')).toBe('last<closed>');
    expect(own).toBe(0);
  });

  it('closes when the other end dies, and when nobody listens', async () => {
    const { world, client, stop } = await stand();
    const closed: string[] = [];
    client.onClose = () => closed.push('died');
    await world.advance(10);
    world.crash('server');
    await world.advance(10);
    expect(closed).toEqual(['died']);
    stop();
    const refused = world.streams.connect(world.node('client'), 'server:7000');
    refused.onClose = () => closed.push('refused');
    await world.advance(10);
    expect(closed).toEqual(['died', 'refused']);
  });
});
