/** What runs, for who drives it from outside: `.cache/cluster/state.json`, written whenever a process comes or goes. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessKind } from './plan.js';

export interface ProcessState {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly dataCentre: string;
  readonly pid: number;
  /** Times it was started again. */
  readonly restarts: number;
  /** Of an application: its node; both halves of a pair have the same. */
  readonly application?: string;
}

export interface ClusterState {
  readonly pid: number;
  /** Absolute. */
  readonly config: string;
  readonly ready: boolean;
  readonly control: string;
  /** Absent when there is one data centre. */
  readonly relay?: { readonly control: string };
  readonly consoles: Readonly<Record<string, string>>;
  readonly logs: string;
  readonly processes: readonly ProcessState[];
}

/** Whole or not at all: who reads it never sees half of it. */
export function writeState(file: string, state: ClusterState): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function readState(file: string): ClusterState | undefined {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as ClusterState : undefined;
}

/**
 * Ends what a supervisor that was killed has left behind, and forgets its state. A process counts as ours while it still has the
 * command that the folder of the state names.
 *
 * @throws Error when that supervisor still runs
 */
export function endLeftovers(file: string, folder: string): number {
  const state = readState(file);
  if (state === undefined) return 0;
  if (commandOf(state.pid).includes('infra/local/main.js')) throw new Error(`a cluster runs already (process ${state.pid}); stop it first`);
  const left = state.processes.filter(({ pid, name }) => isOurs(commandOf(pid), name, folder));
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  rmSync(file);
  return left.length;
}

const isOurs = (command: string, name: string, folder: string): boolean =>
  command.includes(folder) || command.includes(`--app ${name} `) || command.includes('wan-relay.mjs');

/** Its arguments with blanks between them; empty when it is gone. */
function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\0', ' ') : '';
}
