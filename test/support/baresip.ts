/** baresip, a softphone, without screen or sound card: it plays a tone and records what it hears. Driven over its control port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BYTES_PER_MS, makeTone } from './tone.js';

export interface BaresipOptions {
  /** Interface with an IPv4 address, not lo. */
  readonly device: string;
  /** `ip:port` for SIP; the port above is taken too. */
  readonly local: string;
  /** First of a hundred UDP ports. */
  readonly rtpPort: number;
  /** `ip:port` of the DNS server. */
  readonly dns: string;
  /** `ip:port` of the control port. */
  readonly control: string;
  /** What it says, Hz. */
  readonly toneHz: number;
}

export interface BaresipEvent {
  readonly type: string;
  readonly accountaor?: string;
  readonly param?: string;
  readonly atMs: number;
}

const MODULES = ['/usr/lib/baresip/modules', '/usr/local/lib/baresip/modules'];
const PATIENCE_MS = 20_000;
const KILL_AFTER_MS = 3_000;

export class Baresip {
  readonly #events: BaresipEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #taken = 0;
  #socket: Socket | undefined;
  #unread = Buffer.alloc(0);

  private constructor(private readonly child: ChildProcess, private readonly folder: string) {}

  /** Resolves when it takes commands. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = mkdtempSync(join(tmpdir(), 'cordboard-baresip-'));
    mkdirSync(join(folder, 'heard'));
    writeFileSync(join(folder, 'tone.wav'), makeTone(options.toneHz, 30));
    writeFileSync(join(folder, 'config'), configText(options, folder));
    for (const name of ['accounts', 'contacts']) writeFileSync(join(folder, name), '');
    const child = spawn('baresip', ['-4', '-f', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    await ready(child);
    const phone = new Baresip(child, folder);
    await phone.#control(options.control);
    return phone;
  }

  command(command: string, params = ''): void {
    const text = JSON.stringify({ command, params });
    this.#socket?.write(`${Buffer.byteLength(text)}:${text},`);
  }

  /** The next event of that type; each is given out once, and those before it are passed over. */
  next(type: string, fits: (event: BaresipEvent) => boolean = () => true): Promise<BaresipEvent> {
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const at = this.#events.findIndex((event, index) => index >= this.#taken && event.type === type && fits(event));
        if (at < 0) return false;
        this.#taken = at + 1;
        resolve(this.#events[at] as BaresipEvent);
        return true;
      };
      if (look()) return;
      const timer = setTimeout(() => {
        this.#waiting.delete(again);
        const seen = this.#events.map((event) => `${event.type} ${event.param ?? ''}`).join(' | ');
        reject(new Error(`baresip: no ${type}; seen: ${seen}`));
      }, PATIENCE_MS);
      const again = (): void => {
        if (!look()) return;
        clearTimeout(timer);
        this.#waiting.delete(again);
      };
      this.#waiting.add(again);
    });
  }

  /** What it heard in its last call. baresip 1 records no more once a call was on hold. */
  get lastRecording(): Buffer {
    return readFileSync(this.#recording()?.file as string);
  }

  /** Resolves when its last call has brought so much more sound than there is now, ms. */
  hears(moreMs: number): Promise<void> {
    const before = this.#recording();
    const enough = (): boolean => {
      const now = this.#recording();
      return now !== undefined && now.bytes - (now.file === before?.file ? before.bytes : 0) >= moreMs * BYTES_PER_MS;
    };
    return new Promise((resolve, reject) => {
      const watcher = watch(join(this.folder, 'heard'), () => {
        if (!enough()) return;
        clearTimeout(timer);
        watcher.close();
        resolve();
      });
      const timer = setTimeout(() => {
        watcher.close();
        reject(new Error(`baresip: less than ${moreMs} ms of sound`));
      }, PATIENCE_MS);
    });
  }

  /** Without a word to anybody. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** It unregisters first, if it can. */
  async close(): Promise<void> {
    this.#socket?.destroy();
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise<void>((resolve) => {
        // It waits for the registrar to let it go.
        const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
        child.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
        child.kill('SIGTERM');
      });
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #recording(): { readonly file: string; readonly bytes: number } | undefined {
    const folder = join(this.folder, 'heard');
    // Names end in the date and time.
    const name = readdirSync(folder).filter((each) => each.endsWith('-dec.wav')).sort().at(-1);
    return name === undefined ? undefined : { file: join(folder, name), bytes: statSync(join(folder, name)).size };
  }

  #control(address: string): Promise<void> {
    const [host, port] = address.split(':') as [string, string];
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), host, () => resolve());
      socket.once('error', reject);
      socket.on('data', (bytes: Buffer) => this.#read(bytes));
      this.#socket = socket;
    });
  }

  /** Netstrings of JSON: `LENGTH:TEXT,`. */
  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const colon = this.#unread.indexOf(':');
      const end = colon + 1 + Number(this.#unread.toString('latin1', 0, colon));
      if (colon < 0 || this.#unread.length <= end) return;
      this.#heard(JSON.parse(this.#unread.toString('utf8', colon + 1, end)) as BaresipEvent & { readonly event?: boolean });
      this.#unread = this.#unread.subarray(end + 1);
    }
  }

  #heard(message: BaresipEvent & { readonly event?: boolean }): void {
    if (message.event !== true) return;
    this.#events.push({ ...message, atMs: performance.now() });
    for (const again of [...this.#waiting]) again();
  }
}

function configText({ device, local, dns, control, rtpPort }: BaresipOptions, folder: string): string {
  const modules = MODULES.find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined) ?? MODULES[0];
  return [
    'poll_method epoll', `sip_listen ${local}`, `net_interface ${device}`, `dns_server ${dns}`, `rtp_ports ${rtpPort}-${rtpPort + 99}`,
    'call_max_calls 4', `audio_source aufile,${folder}/tone.wav`, 'audio_player aubridge,pl', 'audio_alert aubridge,al', 'audio_channels 1',
    `module_path ${modules}`, 'module g711.so', 'module aufile.so', 'module aubridge.so', 'module sndfile.so', `snd_path ${folder}/heard`,
    'module_tmp uuid.so', 'module_tmp account.so', 'module_app menu.so', 'module_app ctrl_tcp.so', `ctrl_tcp_listen ${control}`, '',
  ].join('\n');
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const read = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4_000);
      if (said.includes('baresip is ready')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (status) => reject(new Error(`baresip ended with ${status}: ${said}`)));
  });
}
