/** Routing programs as users write them, from docs/tlib-protocol.md alone: examples/. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { peerSuite } from '../support/peers.js';
import { type Program, runProgram } from '../support/program.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';
import { registerPhones, runSipp, type SippRun } from '../support/sipp.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

peerSuite('routing programs', ['sipp', 'nc', 'python3'], () => {
  let running: RunningSwitch;
  let phone: SippRun;
  let program: Program | undefined;

  beforeAll(async () => {
    running = await startSwitch('one process');
    const local = `${running.plan.phones}:6001`;
    expect(await registerPhones(['7001'], local, running.proxies[0]!, running.plan.accessPoint)).toMatchObject({ status: 0 });
    phone = runSipp('phone-answers', { local, pauseMs: 50, timeoutS: 120 });
  }, 60_000);
  afterEach(() => program?.stop());
  afterAll(async () => {
    await phone.stop();
    await running.stop();
  }, 30_000);

  /** Resolves when the phone has answered it, with its own description, and the carrier has hung up. */
  const callThrough = async (): Promise<void> => {
    expect(await runSipp('carrier-calls', {
      local: `${running.plan.carrier}:5090`, remote: running.proxies[0]!, calls: 1, pauseMs: 50, keys: { called: '5001' }, timeoutS: 30,
    }).done).toMatchObject({ status: 0, successful: 1, failed: 0 });
  };

  it.each(['route-with-nc.sh', 'route.py'])('%s routes the calls of its Routing Point', async (file) => {
    program = runProgram(`${EXAMPLES}${file}`, [running.plan.nodes[0]!.host, '7000', '7001']);
    await program.says('serving 5001');
    await callThrough();
    await callThrough();
  }, 60_000);

  it('route.ts, with the SDK, offers a call to the next agent when one does not take it', async () => {
    program = runProgram(process.execPath, [`${EXAMPLES}route.ts`, running.plan.nodes[0]!.host, '7000', '7044', '7001']);
    await program.says('serving 5001');
    await callThrough();
    await program.says('7044 OutOfService: 7044 is out of service: its phone is not registered');
  }, 60_000);

  it('route.py takes up a call that waits already, and tries again when its destination refused', async () => {
    const silent = await running.client('default', 'silent');
    await silent.registerAddress('5001');
    const asked = silent.next('EventRouteRequest');
    const call = runSipp('carrier-calls', {
      local: `${running.plan.carrier}:5090`, remote: running.proxies[0]!, calls: 1, pauseMs: 50, keys: { called: '5001' }, timeoutS: 40,
    });
    const { ConnID } = await asked;
    program = runProgram(`${EXAMPLES}route.py`, [running.plan.nodes[0]!.host, '7000', '7045']);
    await program.says(`${ConnID as string} -> 7045`);
    await program.says('refused: 58 7045 is out of service: its phone is not registered');
    const local = `${running.plan.phones}:6045`;
    expect(await registerPhones(['7045'], local, running.proxies[0]!, running.plan.accessPoint)).toMatchObject({ status: 0 });
    const late = runSipp('phone-answers', { local, pauseMs: 50, timeoutS: 60 });
    expect(await call.done).toMatchObject({ status: 0, successful: 1 });
    await late.stop();
    silent.close();
  }, 60_000);

  it('route.py resumes after its connection was cut', async () => {
    const relay = await openRelay(running.plan.nodes[0]!.host, 7000);
    program = runProgram(`${EXAMPLES}route.py`, ['127.0.0.1', String(relay.port), '7001']);
    await program.says('serving 5001');
    relay.cut();
    await program.says('resumed');
    await callThrough();
    relay.close();
  }, 60_000);
});

interface Relay {
  readonly port: number;
  /** Breaks every connection; new ones pass. */
  cut(): void;
  close(): void;
}

function openRelay(host: string, port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server: Server = createServer((near) => {
    const far = keep(connect(port, host));
    keep(near).pipe(far).pipe(near);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({
      port: (server.address() as AddressInfo).port,
      cut,
      close: () => {
        server.close();
        cut();
      },
    }));
  });
}
