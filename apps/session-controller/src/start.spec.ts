import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { MemoryBus, MemoryKeyValueStore } from '#cluster';
import { type Application, type ClusterConfig, parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock } from '#kernel';
import { SeededEntropy } from '#simulation';
import { makeRequest } from '#sip';
import type { RunningTier, TierPorts } from '#tier';
import { SWITCH } from './fixtures/switch.fixture.js';
import { startSessionController } from './start.js';

const { config } = parseConfig(SWITCH, 'test.yaml');

/** The node of the spec's switch, on free ports. */
function node(changes: Partial<Application> = {}): Application {
  const found = config.applications.find((each) => each.name === 'N1') as Application;
  return { ...found, ports: new Map([['sip', 0], ['default', 0], ['IPport', 0]]), ...changes };
}

function ports(): TierPorts {
  const clock = new SystemClock();
  const meter = new CountingMeter();
  return {
    clock, meter, log: silentLog, entropy: new SeededEntropy(1),
    bus: new MemoryBus({ clock, log: silentLog, meter }), keyValues: new MemoryKeyValueStore(clock),
  };
}

/** A client that reads one event at a time. */
class Lines {
  readonly #lines: AsyncIterator<string>;

  constructor(private readonly socket: Socket) {
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  static async to(port: number, opening: object): Promise<Lines> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const lines = new Lines(socket);
    lines.send({ msg: 'RequestRegisterClient', ApplicationName: 'spec', ProtocolVersion: 1, ...opening });
    return lines;
  }

  send(message: object): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  async next(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.#lines.next()).value as string) as Record<string, unknown>;
  }

  end(): void {
    this.socket.destroy();
  }
}

describe('the session controller on real sockets', () => {
  let tier: RunningTier;
  const start = async (application = node(), cluster: ClusterConfig = config): Promise<void> => {
    tier = await startSessionController(cluster, application, ports());
  };
  const port = (id: string): number => tier.listening.find((each) => each.id === id)?.port ?? 0;

  afterEach(() => tier.close());

  it('listens where it is told, and says where', async () => {
    await start();
    expect(tier.listening.map(({ id, transport }) => `${id}/${transport}`)).toEqual(['sip/udp', 'sip/tcp', 'default/tcp', 'IPport/tcp']);
    expect([tier.instance, tier.ready()]).toEqual(['N1/session-controller', true]);
  });

  it('opens only the T-Library ports that it has', async () => {
    await start(node({ ports: new Map([['sip', 0]]) }));
    expect(tier.listening.map(({ id }) => id)).toEqual(['sip', 'sip']);
  });

  it('serves routing clients on the default port', async () => {
    await start();
    const client = await Lines.to(port('default'), { ReferenceID: 1 });
    expect(await client.next()).toMatchObject({ msg: 'EventLinkConnected', ServerRole: 'SessionController', Node: 'N1', ReferenceID: 1 });
    client.send({ msg: 'RequestRegisterAddress', ReferenceID: 2, ThisDN: '5000' });
    expect(await client.next()).toMatchObject({ msg: 'EventRegistered', ReferenceID: 2, ThisDN: '5000', Extensions: { status: 0 } });
    client.send({ msg: 'RequestQueryServer', ReferenceID: 3 });
    expect(await client.next()).toMatchObject({ msg: 'EventServerInfo', ReferenceID: 3, ServerRole: 'SessionController', Switch: 'Test' });
    client.send({ msg: 'RequestAgentLogin', ReferenceID: 4, ThisDN: '7001', AgentID: 'a' });
    expect(await client.next()).toMatchObject({ msg: 'EventError', ReferenceID: 4, ErrorCode: 51 });
    client.end();
  });

  it('lets reporting clients only on IPport (IP-01)', async () => {
    await start();
    const refused = await Lines.to(port('IPport'), { ReferenceID: 1 });
    expect(await refused.next()).toMatchObject({ msg: 'EventError', ReferenceID: 1 });
    const client = await Lines.to(port('IPport'), { ClientRole: 'InteractionProxy' });
    expect(await client.next()).toMatchObject({ msg: 'EventLinkConnected', ServerRole: 'InteractionProxy' });
    client.send({ msg: 'RequestStartCallMonitoring', ReferenceID: 2 });
    expect(await client.next()).toMatchObject({ msg: 'EventACK', ReferenceID: 2 });
    refused.end();
    client.end();
  });

  it('answers OPTIONS of a proxy', async () => {
    await start();
    const proxy = createSocket('udp4');
    const options = makeRequest({
      method: 'OPTIONS', uri: 'sip:sip.cordboard.test',
      headers: [
        ['Via', 'SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKspec'], ['Max-Forwards', '0'], ['From', '<sip:p@sip.cordboard.test>;tag=1'],
        ['To', '<sip:sip.cordboard.test>'], ['Call-ID', 'spec'], ['CSeq', '1 OPTIONS'],
      ],
    });
    proxy.send(options.bytes, port('sip'), '127.0.0.1');
    const [answer] = await once(proxy, 'message') as [Buffer];
    expect(answer.toString()).toMatch(/^SIP\/2\.0 200 OK\r\n/);
    proxy.close();
  });

  it('says which address is taken, and leaves nothing open', async () => {
    await start();
    const taken = port('default');
    await expect(startSessionController(config, node({ ports: new Map([['sip', 0], ['default', taken]]) }), ports()))
      .rejects.toThrow(`port ${taken}`);
  });
});
