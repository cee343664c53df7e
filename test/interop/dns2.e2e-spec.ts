/** The name server as a foreign client sees it: the package dns2, whose codec shares nothing with ours (DNS-01, DNS-02, DNS-07, DNS-16). */
import { createRequire } from 'node:module';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

interface Dns2Answer {
  readonly answers: readonly { readonly address?: string; readonly target?: string; readonly port?: number; readonly priority?: number; readonly weight?: number }[];
}

/** The package has no types: what is used of it. */
interface Dns2 {
  UDPClient(at: { dns: string; port: number }): (name: string, type: string) => Promise<Dns2Answer>;
  TCPClient(at: { dns: string; port: number }): (name: string, type: string) => Promise<Dns2Answer>;
}

const dns2 = createRequire(import.meta.url)('dns2') as Dns2;

describe('the name server, asked by dns2', () => {
  let running: RunningSwitch;

  beforeAll(async () => { running = await startSwitch('one process'); }, 60_000);
  afterAll(() => running.stop(), 20_000);

  it.each(['UDPClient', 'TCPClient'] as const)('answers %s', async (client) => {
    const { plan } = running;
    const ask = dns2[client]({ dns: plan.dns.host, port: 5300 });
    const [proxy] = plan.proxies;
    const name = `${proxy!.name.toLowerCase().replaceAll('_', '-')}.${plan.accessPoint}`;
    for (const transport of ['udp', 'tcp']) {
      const { answers } = await ask(`_sip._${transport}.${plan.accessPoint}`, 'SRV');
      expect(answers).toEqual([expect.objectContaining({ target: name, port: 5060, priority: 10, weight: 50 })]);
    }
    expect((await ask(name, 'A')).answers.map(({ address }) => address)).toEqual([proxy!.host]);
    expect((await ask('phones.cordboard.test', 'A')).answers.map(({ address }) => address)).toEqual([proxy!.host]);
  });
});
