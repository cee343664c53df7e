/** sipp, a foreign SIP user agent, as phone and as carrier. Scenarios: test/interop/sipp. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const SCENARIOS = fileURLToPath(new URL('../interop/sipp/', import.meta.url));

export interface SippOptions {
  /** `ip:port` it sends from and listens at. */
  readonly local: string;
  /** `ip:port` of the cluster; a phone that only waits needs none. */
  readonly remote?: string;
  /** Calls to make or to take; then it ends. */
  readonly calls?: number;
  readonly perSecond?: number;
  /** Length of `<pause/>`, ms. */
  readonly pauseMs?: number;
  /** `[name]` in a scenario, and `{{name}}` where sipp itself takes no keyword. */
  readonly keys?: Readonly<Record<string, string | number>>;
  /** Lines of the injection file, one a call. */
  readonly lines?: readonly string[];
  readonly tcp?: boolean;
  readonly timeoutS?: number;
}

export interface SippRun {
  /** Calls that went as the scenario says. */
  readonly done: Promise<SippResult>;
  /** Ends it at once; for phones that wait for more. */
  stop(): Promise<SippResult>;
}

export interface SippResult {
  readonly status: number | null;
  readonly successful: number;
  readonly failed: number;
  /** What sipp said about unexpected messages. */
  readonly errors: string;
}

export function runSipp(scenario: string, options: SippOptions): SippRun {
  const folder = mkdtempSync(`${tmpdir()}/cordboard-sipp-`);
  const child = spawn('sipp', argumentsFor(scenario, options, folder), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let screen = '';
  const keep = (chunk: Buffer): void => { screen = (screen + chunk.toString()).slice(-4_000); };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const done = ended(child, folder, () => screen);
  return {
    done,
    stop: () => {
      child.kill('SIGKILL');
      return done;
    },
  };
}

function argumentsFor(scenario: string, options: SippOptions, folder: string): string[] {
  const [localIp, localPort] = options.local.split(':') as [string, string];
  const args = [
    ...scenarioOf(scenario, options, folder), '-i', localIp, '-p', localPort, '-t', options.tcp === true ? 't1' : 'u1', '-nostdin',
    '-trace_err', '-error_file', `${folder}/errors.log`, '-trace_stat', '-stf', `${folder}/stat.csv`, '-fd', '1',
    '-timeout', `${options.timeoutS ?? 60}s`, '-timeout_error', '-default_behaviors', 'all,-bye',
  ];
  if (options.calls !== undefined) args.push('-m', String(options.calls));
  if (options.perSecond !== undefined) args.push('-r', String(options.perSecond));
  if (options.pauseMs !== undefined) args.push('-d', String(options.pauseMs));
  for (const [name, value] of Object.entries(options.keys ?? {})) args.push('-key', name, String(value));
  if (options.lines !== undefined) {
    writeFileSync(`${folder}/lines.csv`, `SEQUENTIAL\n${options.lines.join('\n')}\n`);
    args.push('-inf', `${folder}/lines.csv`);
  }
  if (options.remote !== undefined) args.push(options.remote);
  return args;
}

/** One of ours, or sipp's own `uac`, which calls `keys.called`, or `uas`. */
function scenarioOf(scenario: string, { keys = {} }: SippOptions, folder: string): string[] {
  if (scenario === 'uac') return ['-sn', 'uac', '-s', String(keys['called'])];
  return scenario === 'uas' ? ['-sn', 'uas'] : ['-sf', scenarioFile(scenario, keys, folder)];
}

function scenarioFile(scenario: string, keys: Readonly<Record<string, string | number>>, folder: string): string {
  const text = readFileSync(`${SCENARIOS}${scenario}.xml`, 'utf8').replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(keys[name]));
  writeFileSync(`${folder}/scenario.xml`, text);
  return `${folder}/scenario.xml`;
}

function ended(child: ChildProcess, folder: string, screen: () => string): Promise<SippResult> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      const statistics = lastStatistics(read(`${folder}/stat.csv`));
      const errors = read(`${folder}/errors.log`) || (status === 0 || status === null ? '' : screen());
      rmSync(folder, { recursive: true, force: true });
      resolve({ status, successful: statistics('SuccessfulCall(C)'), failed: statistics('FailedCall(C)'), errors });
    });
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function lastStatistics(csv: string): (name: string) => number {
  const lines = csv.trimEnd().split('\n');
  const names = (lines[0] ?? '').split(';');
  const values = (lines.at(-1) ?? '').split(';');
  return (name) => Number(values[names.indexOf(name)] ?? 0);
}

/** Registers the DNs from that address with their passwords; the address then takes their calls. */
export async function registerPhones(
  dns: readonly string[], local: string, proxy: string, accessPoint: string, expires = 600,
): Promise<SippResult> {
  return runSipp('register', {
    local, remote: proxy, calls: dns.length, perSecond: 200, keys: { access_point: accessPoint, expires },
    lines: dns.map((dn) => `${dn};[authentication username=${dn} password=secret-${dn}]`), timeoutS: 20,
  }).done;
}
