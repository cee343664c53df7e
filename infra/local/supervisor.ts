/** Runs processes: starts them, starts again what died (HA-12), stops all of them in the reverse order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessPlan } from './plan.js';

export interface RunningProcess {
  readonly plan: ProcessPlan;
  readonly pid: number;
  /** Times it was started again. */
  readonly restarts: number;
}

export interface SupervisorOptions {
  /** Folder of the processes' output, one file each. */
  readonly logs: string;
  readonly restart: boolean;
  /** Called whenever a process has come, gone or come again. */
  onChange(): void;
  say(line: string): void;
}

const READY_MS = 240_000;
const POLL_MS = 50;
/** From a death to the next start: at once at first, longer while it dies again and again. */
const BACK_OFF_MS = [100, 500, 1_000, 2_000, 5_000] as const;
/** Alive for so long, its earlier deaths are forgotten. */
const SOUND_MS = 20_000;
/** Between asking a process to end and making it. */
const END_MS = 8_000;
const TAIL_BYTES = 2_000;
/** The lowest priority there is: of two busy neighbours the one that gives way gets what the other one leaves. */
const GIVE_WAY = ['nice', '-n', '39'];

class Watched {
  child: ChildProcess | undefined;
  restarts = 0;
  deaths = 0;
  startedMs = 0;
  /** Ended on purpose, and not to be started again. */
  held = false;
  /** Arguments beside its plan's, of this life and those that follow until it is held again. */
  more: readonly string[] = [];
  /** Where in the log the output of this life begins. */
  from = 0;

  constructor(readonly plan: ProcessPlan, readonly log: string) {}

  get isAlive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  said(): string {
    return readFileSync(this.log).subarray(this.from).toString();
  }
}

export class Supervisor {
  readonly #watched: Watched[] = [];
  #stopping = false;

  constructor(private readonly options: SupervisorOptions) {}

  get processes(): RunningProcess[] {
    return this.#watched.filter(({ isAlive }) => isAlive).map(({ plan, child, restarts }) => ({ plan, pid: child?.pid as number, restarts }));
  }

  /** Starts them at once and resolves when all of them serve. @throws Error with the end of the output of one that does not, or once all are stopped */
  async start(plans: readonly ProcessPlan[]): Promise<void> {
    if (this.#stopping) throw new Error('everything is being stopped: nothing more is started');
    const started = plans.map((plan) => {
      const watched = new Watched(plan, join(this.options.logs, `${plan.name}.log`));
      closeSync(openSync(watched.log, 'w'));
      this.#watched.push(watched);
      this.#spawn(watched);
      return watched;
    });
    this.options.onChange();
    await Promise.all(started.map((watched) => this.#ready(watched)));
  }

  /** In the reverse order of start: whoever asks ends before whoever is asked. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const kinds = [...new Set(this.#watched.map(({ plan }) => plan.kind))].reverse();
    for (const kind of kinds) await Promise.all(this.#watched.filter(({ plan }) => plan.kind === kind).map((watched) => this.#end(watched)));
    this.options.onChange();
  }

  /** Ends one process, by its own shutdown, and leaves it so. */
  async hold(name: string): Promise<void> {
    const watched = this.#find(name);
    watched.held = true;
    watched.more = [];
    await this.#end(watched);
  }

  /** Starts one that was held; resolves when it serves. */
  async release(name: string, more: readonly string[] = []): Promise<void> {
    const watched = this.#find(name);
    watched.held = false;
    if (!watched.isAlive) {
      watched.more = more;
      watched.deaths = 0;
      watched.restarts += 1;
      this.#spawn(watched);
      this.options.onChange();
    }
    await this.#ready(watched);
  }

  #find(name: string): Watched {
    const found = this.#watched.find(({ plan }) => plan.name === name);
    if (found === undefined) throw new Error(`no process is called ${name}; there are ${this.#watched.map(({ plan }) => plan.name).join(', ')}`);
    return found;
  }

  #spawn(watched: Watched): void {
    const { plan } = watched;
    watched.from = readFileSync(watched.log).length;
    const output = openSync(watched.log, 'a');
    // A group of its own: Ctrl-C in a terminal is for us, and we decide the order.
    const command = [...(plan.givesWay === true ? GIVE_WAY : []), plan.file, ...plan.args, ...watched.more] as const;
    const child = spawn(command[0] as string, command.slice(1), {
      detached: true, stdio: ['ignore', output, output], cwd: plan.cwd, env: { ...process.env, ...plan.env },
    });
    closeSync(output);
    watched.child = child;
    watched.startedMs = performance.now();
    child.once('error', (error) => this.options.say(`${plan.name} cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => void this.#died(watched, signal ?? `status ${code}`));
  }

  async #died(watched: Watched, how: string): Promise<void> {
    this.options.onChange();
    if (this.#stopping || watched.held || !this.options.restart) return;
    const { name } = watched.plan;
    if (performance.now() - watched.startedMs > SOUND_MS) watched.deaths = 0;
    const delayMs = BACK_OFF_MS[Math.min(watched.deaths, BACK_OFF_MS.length - 1)] as number;
    watched.deaths += 1;
    this.options.say(`${name} ended (${how}); it starts again in ${delayMs} ms`);
    await wait(delayMs);
    if (this.#stopping || watched.held || watched.isAlive) return;
    watched.restarts += 1;
    this.#spawn(watched);
    this.options.onChange();
    this.#ready(watched).then(() => this.options.say(`${name} serves again`), (error: Error) => this.options.say(error.message));
  }

  async #ready(watched: Watched): Promise<void> {
    const { plan } = watched;
    const untilMs = performance.now() + READY_MS;
    while (!await this.#serves(watched)) {
      if (this.#stopping || watched.held) return;
      if (!watched.isAlive && !this.options.restart) throw new Error(`${plan.name} ended: ${tail(watched)}`);
      if (watched.deaths >= BACK_OFF_MS.length) throw new Error(`${plan.name} ends again and again: ${tail(watched)}`);
      if (performance.now() > untilMs) throw new Error(`${plan.name} does not serve after ${READY_MS / 1_000} s: ${tail(watched)}`);
      await wait(POLL_MS);
    }
  }

  async #serves(watched: Watched): Promise<boolean> {
    const { ready, isReady } = watched.plan;
    if (!watched.isAlive) return false;
    if (isReady !== undefined) return isReady();
    return ready?.test(watched.said()) ?? true;
  }

  async #end(watched: Watched): Promise<void> {
    const { child } = watched;
    if (child === undefined || !watched.isAlive) return;
    const gone = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
    // One that was paused hears nothing until it goes on.
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const late = AbortSignal.timeout(END_MS);
    late.addEventListener('abort', () => child.kill('SIGKILL'));
    await gone;
  }
}

function tail(watched: Watched): string {
  const said = watched.said().slice(-TAIL_BYTES).trim();
  return said === '' ? `it said nothing (${watched.log})` : said;
}
