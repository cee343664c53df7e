import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../dist/apps/demo/src/main.js', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs the demo; `until` sees its output and may end it. */
function demo(args: readonly string[], until: (output: string, end: () => void) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [DEMO, ...args]);
  let output = '';
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    until(output, () => child.kill('SIGINT'));
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  return new Promise((resolve) => { child.on('exit', (status) => resolve({ status, output })); });
}

const sumOf = (output: string, who: string): number => Number(new RegExp(`${who} .* sum +(\\d+)`).exec(output)?.[1]);

describe('npm run demo', () => {
  it('shows calls being answered; every call ends in exactly one way, and callers and monitor agree', async () => {
    const { status, output } = await demo(['--agents', '4', '--rate', '4', '--talk', '1', '--seconds', '8']);
    expect(output).toMatch(/agents 4 ready/);
    expect(output).toContain('every call is in exactly one of them');
    expect(Number(/as the monitor saw it +answered +(\d+)/.exec(output)?.[1])).toBeGreaterThan(0);
    expect(sumOf(output, 'as the callers saw it')).toBe(sumOf(output, 'as the monitor saw it'));
    expect(status).toBe(0);
  }, 60_000);

  it('ends cleanly at Ctrl-C, with calls in every state', async () => {
    const { status, output } = await demo(['--agents', '2', '--rate', '20', '--talk', '5'], (seen, end) => {
      if (/queued \d+ ringing [12]/.test(seen)) end();
    });
    expect(output).toContain('every call is in exactly one of them');
    expect(status).toBe(0);
  }, 60_000);

  it('says what is allowed', async () => {
    const { status, output } = await demo(['--agents', '0']);
    expect(output).toContain('--agents 0: must be a number from 1 to 50');
    expect(status).toBe(1);
  });
});
