/** A cluster of local processes, as `npm run cluster` describes it in its state file (infra/README.md). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadConfig } from '#config';
import type { Service } from '../machines/process-view.js';
import type { ClusterMember, FaultAction, Topology } from './port.js';

interface ProcessState {
  readonly name: string;
  /** `application`, or what server it is. */
  readonly kind: string;
  readonly dataCentre: string;
  readonly pid: number;
  readonly application?: string;
}

interface ClusterState {
  readonly pid: number;
  readonly config: string;
  readonly ready: boolean;
  readonly control: string;
  readonly relay?: { readonly control: string };
  readonly processes: readonly ProcessState[];
}

const END_MS = 15_000;
const LOOK_MS = 20;

/** Undefined when there is no such file, or whoever wrote it has ended. */
export function runningCluster(file: string): { readonly ready: boolean } | undefined {
  const state = existsSync(file) ? read(file) : undefined;
  return state !== undefined && runs(state.pid) ? state : undefined;
}

const read = (file: string): ClusterState => JSON.parse(readFileSync(file, 'utf8')) as ClusterState;

export class LocalProcesses implements Topology {
  readonly kind = 'processes';
  readonly config: string;
  readonly members: readonly ClusterMember[];
  readonly links: readonly (readonly [string, string])[];
  readonly #control: string;
  readonly #relay: string | undefined;

  constructor(private readonly file: string) {
    const state = read(file);
    const types = new Map(loadConfig(state.config).config.applications.map(({ name, type }) => [name, type]));
    this.config = state.config;
    this.#control = state.control;
    this.#relay = state.relay?.control;
    this.members = state.processes.filter(({ kind }) => kind !== 'relay').map(({ name, kind, dataCentre, application }) => {
      const type = application === undefined ? kind : types.get(application) ?? kind;
      return { name, serves: type === 'sip-server' ? 'node' : type as Service, dataCentre, application };
    });
    const [one, other] = [...new Set(this.members.map(({ dataCentre }) => dataCentre))].sort();
    this.links = this.#relay === undefined || one === undefined || other === undefined ? [] : [[one, other]];
  }

  refuses(action: FaultAction): string | undefined {
    if ('between' in action) return this.#relay === undefined ? 'this cluster has no line between its data centres' : undefined;
    const member = this.members.find(({ name }) => name === action.process);
    if (member === undefined) return `there is no process ${action.process}`;
    if (action.kind === 'startSkewed' && member.application === undefined) return `${action.process} is not ours: its clock cannot be set`;
    return undefined;
  }

  async perform(action: FaultAction): Promise<void> {
    const refusal = this.refuses(action);
    if (refusal !== undefined) throw new Error(refusal);
    switch (action.kind) {
      case 'kill': return this.#kill(action.process);
      case 'terminate': return this.#supervisor('hold', action.process);
      case 'start': return this.#supervisor('release', action.process);
      case 'startSkewed': return this.#supervisor('release', action.process, ['--clock-offset', String(action.offsetMs)]);
      case 'pause': return this.#pause(action.process);
      case 'resume': return void process.kill(this.#pid(action.process), 'SIGCONT');
      case 'cut': return this.#line({ cut: true });
      case 'slow': return this.#line({ delayMs: action.delayMs });
      case 'heal': return this.#line({ cut: false, delayMs: 0 });
    }
  }

  /** @throws Error when it does not run now */
  #pid(name: string): number {
    const found = read(this.file).processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found.pid;
  }

  /** Its supervisor is told at once that it is to stay so, before it starts it again. */
  async #kill(name: string): Promise<void> {
    const pid = this.#pid(name);
    process.kill(pid, 'SIGKILL');
    await this.#supervisor('hold', name);
    if (!await becomes(() => !runs(pid))) throw new Error(`${name} (process ${pid}) does not end`);
  }

  /** A signal is only asked for by kill(2); the threads follow one by one. */
  async #pause(name: string): Promise<void> {
    const pid = this.#pid(name);
    process.kill(pid, 'SIGSTOP');
    if (!await becomes(() => isStopped(pid))) throw new Error(`${name} (process ${pid}) does not stand still`);
  }

  async #supervisor(verb: 'hold' | 'release', name: string, args: readonly string[] = []): Promise<void> {
    await post(`${this.#control}/${verb}`, { name, ...(args.length === 0 ? {} : { args }) });
  }

  async #line(change: object): Promise<void> {
    await post(this.#relay as string, change);
  }
}

async function post(url: string, body: object): Promise<void> {
  const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${(await reply.text()).trim()}`);
}

/** A zombie has ended. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function isStopped(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/task`)) return true;
  return readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')));
}

async function becomes(holds: () => boolean): Promise<boolean> {
  const untilMs = performance.now() + END_MS;
  while (!holds()) {
    if (performance.now() > untilMs) return false;
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }
  return true;
}
