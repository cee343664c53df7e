import type { Flow, SipTransport } from '#sip';
import type { SipReader } from './sim-sip.js';
import { World } from './world.js';

/** Stands in for the parser: what matters here is what arrives, and from where. */
const reader = ((bytes: string, source: { host: string; port: number }) => (bytes.startsWith('!')
  ? { ok: false, error: { code: 'BAD' } } : { ok: true, value: { bytes, source } })) as unknown as SipReader;

async function stand() {
  const world = new World(2);
  const make = async (name: string, host: string) => {
    await world.start(name, () => ({ close() {} }));
    const addresses = (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: 5060 }));
    const transport = world.sip.listen(world.node(name), addresses, reader);
    const heard: string[] = [];
    const flows: Flow[] = [];
    transport.onMessage = (message, flow) => {
      heard.push((message as unknown as { bytes: string }).bytes);
      flows.push(flow);
    };
    transport.onMalformed = () => heard.push('<malformed>');
    transport.onFlowLost = (flow) => heard.push(`<lost ${flow.transport}>`);
    return { transport, heard, flows };
  };
  return { world, a: await make('a', '10.0.0.1'), b: await make('b', '10.0.0.2') };
}

const to = (transport: 'udp' | 'tcp', host = '10.0.0.2') => ({ transport, host, port: 5060 });

describe('SimSipNetwork', () => {
  it('brings datagrams over, and answers come back by the flow', async () => {
    const { world, a, b } = await stand();
    a.transport.send('OPTIONS\r\n', to('udp'));
    await world.advance(10);
    expect(b.heard).toEqual(['OPTIONS\r\n']);
    expect(b.flows[0]).toMatchObject({ key: 'udp:10.0.0.1:5060', host: '10.0.0.1', localHost: '10.0.0.2' });
    b.transport.send('200\r\n', b.flows[0] as Flow);
    await world.advance(10);
    expect(a.heard).toEqual(['200\r\n']);
  });

  it('uses one connection both ways, and reports its loss to the other end', async () => {
    const { world, a, b } = await stand();
    a.transport.send('one\r\n', to('tcp'));
    a.transport.send('two\r\n', to('tcp'));
    await world.advance(10);
    expect(b.heard).toEqual(['one\r\n', 'two\r\n']);
    expect(b.flows[0]?.key).toBe(b.flows[1]?.key);
    b.transport.send('answer\r\n', b.flows[0] as Flow);
    await world.advance(10);
    expect(a.heard).toEqual(['answer\r\n']);
    world.crash('a');
    await world.advance(10);
    expect(b.heard.at(-1)).toBe('<lost tcp>');
  });

  it('reports what could not be sent, later and once', async () => {
    const { world, a, b } = await stand();
    a.transport.send('x\r\n', to('tcp'));
    await world.advance(10);
    const [flow] = b.flows;
    world.crash('a');
    await world.advance(10);
    const failures: string[] = [];
    const failed: Parameters<SipTransport['send']>[2] = ({ code }) => failures.push(code);
    b.transport.send('y\r\n', flow as Flow, failed);
    b.transport.send('y\r\n', to('tcp', '10.0.0.1'), failed);
    b.transport.send('y\r\n', to('udp', '10.0.0.1'), failed);
    expect(failures).toEqual([]);
    await world.advance(10);
    expect(failures).toEqual(['SIP_TRANSPORT_CONNECT', 'SIP_TRANSPORT_CONNECT']);
  });

  it('hands what cannot be read to its owner too', async () => {
    const { world, a, b } = await stand();
    a.transport.send('!', to('udp'));
    await world.advance(10);
    expect(b.heard).toEqual(['<malformed>']);
  });

  it('loses datagrams and keeps streams whole on a bad link', async () => {
    const { world, a, b } = await stand();
    world.network.setQuality({ loss: 0.5, delayMsMax: 50 });
    for (let n = 0; n < 100; n += 1) a.transport.send(`u${n}\r\n`, to('udp'));
    for (let n = 0; n < 20; n += 1) a.transport.send(`t${n}\r\n`, to('tcp'));
    await world.advance(5_000);
    expect(b.heard.filter((line) => line.startsWith('u')).length).toBeLessThan(80);
    expect(b.heard.filter((line) => line.startsWith('t'))).toEqual(Array.from({ length: 20 }, (_, n) => `t${n}\r\n`));
  });

  it('refuses an address that is taken, until its owner is gone', async () => {
    const { world, a } = await stand();
    expect(() => world.sip.listen(world.node('b'), [to('udp', '10.0.0.1')], reader)).toThrow('udp:10.0.0.1:5060: it is taken');
    await a.transport.close();
    expect(() => world.sip.listen(world.node('b'), [to('udp', '10.0.0.1')], reader)).not.toThrow();
  });
});
