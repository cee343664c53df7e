import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ComposeCluster } from './compose.js';

const CONFIG = `
switch: { name: T, access-point: sip.test, external-contact: phones.test }
applications:
  SIPP_dc1_1: { type: sip-proxy, geo-location: dc1, host: 127.0.28.11, ports: { sip: 5060 } }
  SIPS_dc1_1: { type: sip-server, server-id: 1, geo-location: dc1, host: 127.0.28.21, ports: { sip: 5070, TCport: 7001 } }
  SIPS_dc1_1b: { backup-of: SIPS_dc1_1, host: 127.0.28.22 }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/cordboard-compose-`);
  mkdirSync(`${folder}/compose`);
  writeFileSync(`${folder}/compose/cluster.yaml`, CONFIG);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function opened(services: readonly string[], healths: string[] = []) {
  const asked: string[] = [];
  const cluster = await ComposeCluster.open(`${folder}/compose.yaml`, async (...args) => {
    const what = args.slice(3).join(' ');
    asked.push(what);
    if (what.startsWith('ps --status')) return `${services.join('\n')}\n`;
    return what.startsWith('ps --format') ? `${healths.shift() ?? 'healthy'}\n` : '';
  });
  return { cluster, asked };
}

it('knows its containers by the configuration and by their names', async () => {
  const { cluster } = await opened(['sipp-dc1-1', 'sips-dc1-1', 'sips-dc1-1b', 'nats-dc1-2', 'redis-dc1', 'prometheus']);
  expect(cluster.members).toEqual([
    { name: 'SIPP_dc1_1', serves: 'sip-proxy', dataCentre: 'dc1', application: 'SIPP_dc1_1' },
    { name: 'SIPS_dc1_1', serves: 'node', dataCentre: 'dc1', application: 'SIPS_dc1_1' },
    { name: 'SIPS_dc1_1b', serves: 'node', dataCentre: 'dc1', application: 'SIPS_dc1_1' },
    { name: 'nats-dc1-2', serves: 'nats', dataCentre: 'dc1' }, { name: 'redis-dc1', serves: 'redis', dataCentre: 'dc1' },
  ]);
});

it('kills, pauses, ends and starts them, and waits until one that starts is healthy', async () => {
  const { cluster, asked } = await opened(['sips-dc1-1b'], ['starting', 'healthy']);
  for (const kind of ['kill', 'pause', 'resume', 'terminate', 'start'] as const) await cluster.perform({ kind, process: 'SIPS_dc1_1b' });
  expect(asked.slice(1)).toEqual([
    'kill --signal SIGKILL sips-dc1-1b', 'pause sips-dc1-1b', 'unpause sips-dc1-1b', 'stop sips-dc1-1b', 'start sips-dc1-1b',
    'ps --format {{.Health}} sips-dc1-1b', 'ps --format {{.Health}} sips-dc1-1b',
  ]);
});

it('says what containers cannot do, and when there are none', async () => {
  const { cluster } = await opened(['sips-dc1-1']);
  expect(cluster.refuses({ kind: 'cut', between: ['dc1', 'dc2'] })).toMatch('use npm run cluster');
  expect(cluster.refuses({ kind: 'startSkewed', process: 'SIPS_dc1_1', offsetMs: 1 })).toMatch('share the clock');
  expect(cluster.refuses({ kind: 'kill', process: 'X' })).toBe('there is no container X');
  await expect(opened([])).rejects.toThrow('nothing of');
});
