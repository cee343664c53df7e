import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openSoftphones, type Call, type Softphones } from '#softphone';
import { ACCEPTED, eventProblems, decodeEvent, OPENING, type ServerRole, type TEvent } from '#tlib';
import type { Attributes } from '#tlib/client';
import { type RunningSwitch, startSwitch, type TlibPort } from '../support/running-switch.js';
import { type GoldenSession, type GoldenStep, goldenSessions, withSeen } from './golden-file.js';
import { Normaliser } from './normalise.js';

const FOLDER = fileURLToPath(new URL('../../libs/tlib/golden', import.meta.url));
/** `GOLDEN=record` writes what was seen into the files, for the eye of a reviewer. */
const RECORD = process.env['GOLDEN'] === 'record';
const PORT_OF: Readonly<Record<ServerRole, [TlibPort, number]>> = {
  SessionController: ['default', 7000], TController: ['TCport', 7001], InteractionProxy: ['IPport', 7002], SmartProxy: ['SmartProxy', 7003],
  VirtualQueue: ['VQ', 7010],
};
/** `until: -`: the answer comes with a later step. */
const NOT_YET = '-';
const SILENCE_MS = 8_000;
const sessions = goldenSessions(FOLDER);

/** One connection, line by line. */
class Wire {
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    createInterface({ input: socket }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  send(line: string): void {
    this.socket.write(`${line}\n`);
  }

  /** Lines up to the first that fits. */
  async until(fits: (event: TEvent) => boolean, what: string): Promise<string[]> {
    const taken: string[] = [];
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
        taken.push(line);
        if (fits(JSON.parse(line) as TEvent)) return taken;
      }
      await new Promise<void>((resolve, reject) => {
        const silent = setTimeout(() => reject(new Error(`no ${what} within ${SILENCE_MS} ms; there came:\n${taken.join('\n')}`)), SILENCE_MS);
        this.#wake = () => {
          clearTimeout(silent);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Phones, a carrier and other clients: what `given:` lines speak of. */
class Stage {
  readonly calls = new Map<string, Call>();
  readonly #clients = new Map<string, Awaited<ReturnType<RunningSwitch['client']>>>();

  constructor(private readonly running: RunningSwitch, private readonly phones: Softphones, private readonly carrier: Softphones) {}

  async perform(what: string, normaliser: Normaliser): Promise<void> {
    const [, phone, doing] = /^phone (\d+) (\w+)$/.exec(what) ?? [];
    const [, from, to] = /^(\d+) calls (\d+)$/.exec(what) ?? [];
    const [, name, port, json] = /^(\w+) at (\w+) sends (.*)$/.exec(what) ?? [];
    if (phone !== undefined) await this.#phone(phone, doing as string);
    else if (from !== undefined) this.calls.set(from, this.#carrierPhone().call(to as string, from));
    else if (what === 'the caller hangs up') for (const call of this.calls.values()) call.hangUp();
    else if (name !== undefined) await this.#client(name, port as TlibPort, normaliser.real(json as string));
    else throw new Error(`nothing does "${what}"`);
  }

  async #phone(user: string, doing: string): Promise<void> {
    const phone = this.#phoneOf(user);
    if (doing === 'registers') return void expect(await phone.register()).toBe(200);
    if (doing === 'unregisters') return void expect(await phone.unregister()).toBe(200);
    if (phone.calls.size === 0) await new Promise<void>((resolve) => { phone.events.onCall = () => resolve(); });
    for (const call of phone.calls) {
      if (doing === 'answers') call.answer();
      else if (doing === 'declines') call.reject(603);
      else call.hangUp();
    }
  }

  async #client(name: string, port: TlibPort, json: string): Promise<void> {
    const client = this.#clients.get(name) ?? await this.running.client(port, name);
    this.#clients.set(name, client);
    const { msg, ...attributes } = JSON.parse(json) as { msg: string };
    await client.request(msg, attributes as Attributes);
  }

  #phoneOf(user: string) {
    return this.#known.get(user) ?? this.#remember(user, this.phones.add({ user, domain: this.running.plan.accessPoint, password: `secret-${user}` }));
  }

  #carrierPhone() {
    return this.#known.get('*') ?? this.#remember('*', this.carrier.add({ user: '*', domain: `${this.running.plan.proxies[0]!.host}:5060` }));
  }

  readonly #known = new Map<string, ReturnType<Softphones['add']>>();
  #remember(user: string, phone: ReturnType<Softphones['add']>) {
    this.#known.set(user, phone);
    return phone;
  }

  async clear(): Promise<void> {
    for (const phone of this.#known.values()) for (const call of [...phone.calls]) call.hangUp();
    this.#clients.clear();
    this.running.closeClients();
  }
}

/** Routing Points are shared out a moment after the start. */
async function pointsAreOwned(running: RunningSwitch): Promise<void> {
  const client = await running.client('SmartProxy', 'golden');
  for (let point = 5000; point < 5010; point += 1) {
    const ask = () => client.request('RequestQueryAddress', { ThisDN: String(point), AddressInfoType: 'QueueStatus' });
    while ((await ask())['OwnerEpoch'] === undefined) await new Promise(setImmediate);
  }
  running.closeClients();
}

describe('golden exchanges', () => {
  let running: RunningSwitch;
  let phones: Softphones;
  let carrier: Softphones;
  let stage: Stage;

  beforeAll(async () => {
    running = await startSwitch('one process', { points: { 5001: { 'default-dn': '7009' } } });
    const { plan } = running;
    const outboundProxy = { transport: 'udp', host: plan.proxies[0]!.host, port: 5060 } as const;
    phones = await openSoftphones({ listen: [{ transport: 'udp', host: plan.phones, port: 5062 }], outboundProxy });
    carrier = await openSoftphones({ listen: [{ transport: 'udp', host: plan.carrier, port: 5090 }], outboundProxy });
    stage = new Stage(running, phones, carrier);
    await pointsAreOwned(running);
  }, 60_000);
  afterEach(() => stage.clear());
  afterAll(async () => {
    await phones.close();
    await carrier.close();
    await running.stop();
  }, 30_000);

  function wire(role: ServerRole): Promise<Wire> {
    const [, port] = PORT_OF[role];
    const host = role === 'VirtualQueue' ? running.plan.vq.host : running.plan.nodes[0]!.host;
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new Wire(socket)));
      socket.once('error', reject);
    });
  }

  async function play(step: GoldenStep, client: Wire, normaliser: Normaliser): Promise<string[]> {
    if (step.kind === 'given') {
      await stage.perform(step.what, normaliser);
      if (step.until === undefined) return [];
    } else client.send(normaliser.real(step.line));
    if (step.until === NOT_YET) return [];
    const reference = step.kind === 'send' ? (JSON.parse(step.line) as { ReferenceID?: number }).ReferenceID : undefined;
    const [, name, dn, times = '1'] = /^(\w+)(?: (?!x)(\S+))?(?: x(\d+))?$/.exec(step.until ?? '') ?? [];
    let left = Number(times);
    const fits = (event: TEvent): boolean => {
      if (name === undefined) return event['ReferenceID'] === reference;
      if (event.msg === name && (dn === undefined || (event['ThisDN'] ?? event['DN']) === dn)) left -= 1;
      return left === 0;
    };
    const lines = await client.until(fits, step.until ?? `answer ${reference}`);
    for (const line of lines) expect({ line, problems: eventProblems(decodeEvent(line) as TEvent) }).toEqual({ line, problems: [] });
    return lines.map((line) => normaliser.shown(line));
  }

  async function perform(session: GoldenSession): Promise<string> {
    const client = await wire(session.role);
    const normaliser = new Normaliser();
    const seen: string[][][] = [];
    try {
      for (const { steps } of session.exchanges) {
        const ofExchange: string[][] = [];
        seen.push(ofExchange);
        for (const step of steps) ofExchange.push(await play(step, client, normaliser));
      }
    } finally {
      client.close();
    }
    return withSeen(session, seen);
  }

  it.each(sessions.map((session) => [session.file, session] as const))('%s', async (file, session) => {
    const text = await perform(session);
    if (RECORD) writeFileSync(`${FOLDER}/${file}`, text);
    expect(text).toBe(RECORD ? text : session.text);
  }, 60_000);

  it.each(Object.keys(ACCEPTED) as ServerRole[])('%s: every request that the port accepts has one', (role) => {
    const shown = new Set(sessions.filter((session) => session.role === role).flatMap((session) => session.exchanges)
      .flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'send' ? [(JSON.parse(step.line) as { msg: string }).msg] : []))));
    expect([OPENING, ...ACCEPTED[role]].filter((msg) => !shown.has(msg))).toEqual([]);
  });
});
