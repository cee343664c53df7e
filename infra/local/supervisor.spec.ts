import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessPlan } from './plan.js';
import { Supervisor } from './supervisor.js';

describe('a supervisor of processes', () => {
  let logs = '';
  beforeEach(() => { logs = mkdtempSync(join(tmpdir(), 'cordboard-supervisor-')); });
  afterEach(() => rmSync(logs, { recursive: true, force: true }));

  const program = (name: string): ProcessPlan => ({
    name, kind: 'application', dataCentre: 'dc1', file: process.execPath, args: ['-e', "console.log('serves'); setInterval(() => {}, 1000);"], ready: /^serves/m,
  });
  const supervise = () => new Supervisor({ logs, restart: true, onChange: () => {}, say: () => {} });

  it('starts what it is told, and ends it', async () => {
    const supervisor = supervise();
    await supervisor.start([program('one'), program('two')]);
    expect(supervisor.processes.map(({ plan }) => plan.name)).toEqual(['one', 'two']);
    await supervisor.stop();
    expect(supervisor.processes).toEqual([]);
  });

  it('starts nothing more once it was told to stop: nobody would end it', async () => {
    const supervisor = supervise();
    await supervisor.start([program('one')]);
    const stopped = supervisor.stop();
    await expect(supervisor.start([program('two')])).rejects.toThrow('being stopped');
    await stopped;
    expect(supervisor.processes).toEqual([]);
  });
});
