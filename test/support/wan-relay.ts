/** The line between two data centres, to be slowed and cut: scripts/servers/wan-relay.mjs as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { V8_FLAGS } from '#tier/v8-flags';

/** From the working directory, since this file also runs from dist/. */
const SCRIPT = join(process.cwd(), 'scripts/servers/wan-relay.mjs');

export interface RelayState {
  readonly cut: boolean;
  readonly delayMs: number;
  readonly connections: number;
  readonly bytes: number;
  /** Between blocks: `cut`, or `pass`, with the reason where they should be cut. */
  readonly packets: string;
}

export interface WanRelay {
  change(wish: { readonly cut?: boolean; readonly delayMs?: number }): Promise<RelayState>;
  state(): Promise<RelayState>;
  close(): Promise<void>;
}

/**
 * @param links such as `name=127.0.0.1:7000>127.0.0.2:7000`
 * @param blocks networks such as `127.1.0.0/24`, between which a cut drops packets too
 */
export async function startWanRelay(links: readonly string[], blocks: readonly string[] = []): Promise<WanRelay> {
  const args = [...links.flatMap((link) => ['--link', link]), ...blocks.flatMap((block) => ['--block', block])];
  const child = spawn(process.execPath, [...V8_FLAGS, SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const control = await readiness(child);
  const ask = async (init?: RequestInit): Promise<RelayState> => {
    const response = await fetch(control, init);
    if (!response.ok) throw new Error(await response.text());
    return await response.json() as RelayState;
  };
  return {
    change: (wish) => ask({ method: 'POST', body: JSON.stringify(wish) }),
    state: () => ask(),
    close: () => new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGTERM');
    }),
  };
}

function readiness(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const ready = /^relay ready (\S+)$/m.exec(said);
      if (ready !== null) resolve(ready[1] as string);
    });
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
  });
}
