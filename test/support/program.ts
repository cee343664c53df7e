/** A program under test that says on its output what it does. */
import { spawn } from 'node:child_process';

export interface Program {
  /** Resolves when it has said the line so many times. */
  says(line: string, times?: number): Promise<void>;
  /** Ends it and what it started. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 20_000;

export function runProgram(file: string, args: readonly string[]): Program {
  // A group of its own, so that a script's helpers end with it.
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const waiting = new Set<() => void>();
  let output = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const look of [...waiting]) look();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      read(Buffer.from(error.message));
      resolve();
    });
    child.once('close', () => resolve());
  });
  return {
    says: (line, times = 1) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`${file} did not say "${line}" ${times} times; it said: ${output}`));
      }, PATIENCE_MS);
      const look = (): void => {
        if (output.split('\n').filter((said) => said === line).length < times) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    }),
    stop: async () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
