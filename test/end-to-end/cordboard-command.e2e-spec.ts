import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';
import { COMMANDS } from '../../apps/cordboard/src/commands/catalogue.js';
import { flagsTeller } from '../support/node-flags.js';
import { type RunningSwitch, startSwitch } from '../support/running-switch.js';

const CLI = fileURLToPath(new URL('../../dist/apps/cordboard/src/cli.js', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/cordboard.mjs', import.meta.url));

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function cordboard(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], (_error, out, err) => resolve({ status: child.exitCode ?? 1, out, err }));
  });
}

describe('cordboard', () => {
  let run: RunningSwitch;
  let url: string;
  beforeAll(async () => {
    run = await startSwitch('one process');
    url = `http://${run.plan.console.host}:8080`;
  }, 30_000);
  afterAll(() => run.stop());
  const ask = (...words: string[]) => cordboard(...words, '--url', url);

  it('lists the instances, and everything it offers is known to one of them', async () => {
    expect((await ask('status')).out).toContain('session-controller');
    const known = JSON.parse((await ask('commands', '--json')).out) as { command: string }[];
    const offered = COMMANDS.filter(({ optional }) => optional !== true);
    expect([...new Set(known.map(({ command }) => command))].sort()).toEqual(offered.map(({ name }) => name).sort());
  }, 30_000);

  it('answers each list as a table that says when it is empty, and as JSON', async () => {
    const lists = COMMANDS.filter(({ nothing }) => nothing !== undefined);
    for (const { name } of lists) {
      const [table, json] = await Promise.all([ask(...name.split(' ')), ask(...name.split(' '), '--json')]);
      expect([name, table.status, table.err, table.out === '']).toEqual([name, 0, '', false]);
      expect(Array.isArray(JSON.parse(json.out))).toBe(true);
    }
    expect((await ask('calls', 'list')).out).toBe('no call lives\n');
    expect((await ask('pairs')).out).toBe('no node has a pair\n');
    expect((await ask('switchover', 'N1')).err).toBe('cordboard: no primary of a pair N1 answers; "cordboard pairs" shows the pairs\n');
  }, 60_000);

  it('shows one thing by its name', async () => {
    expect((await ask('router', 'show')).out).toMatch(/5000 +support/);
    const [unknown, nonsense] = await Promise.all([ask('calls', 'show', '00'), ask('dn', 'lst')]);
    expect([unknown.status, unknown.err]).toEqual([1, expect.stringContaining('no call 00 on this node')]);
    expect([nonsense.status, nonsense.err]).toEqual([1, 'cordboard: dn cannot "lst": list, show\n']);
  }, 30_000);

  it('adds a destination, and reloads what the configuration says', async () => {
    expect((await ask('destinations', 'add', 'X', 'host=127.0.0.9', 'port=5070', 'server-id=9', 'geo-location=dc1')).status).toBe(0);
    expect((await ask('destinations', 'list')).out).toMatch(/\bX\b/);
    expect((await ask('destinations', 'reload')).out).toMatch(/\bX\b/);
    expect((await ask('destinations', 'list')).out).not.toMatch(/\bX\b/);
  }, 30_000);

  it('runs as all of the cluster does, with our options of V8', () => {
    const folder = mkdtempSync(`${tmpdir()}/cordboard-flags-`);
    const teller = flagsTeller(folder, '/apps/cordboard/src/cli.js');
    expect(teller.flags(execFileSync(process.execPath, [BIN, '--help'], { env: teller.env, encoding: 'utf8' }))).toEqual(V8_FLAGS);
    rmSync(folder, { recursive: true });
  });

  it('has a page for itself', async () => {
    const { status, out } = await cordboard('--help');
    expect([status, out]).toEqual([0, expect.stringContaining('calls show CONNID')]);
    expect((await cordboard()).status).toBe(2);
  });
});
