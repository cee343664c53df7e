/** Walks every row of docs/specs/transactions.md, and shows that whatever has no row does nothing. */
import { readFileSync } from 'node:fs';
import { InviteClient } from './invite-client.js';
import { InviteServer } from './invite-server.js';
import { NonInviteClient } from './non-invite-client.js';
import { NonInviteServer } from './non-invite-server.js';
import { DEFAULT_TIMERS, type TransactionTimer } from './timers.js';

interface Row { state: string; over: string; input: string; effects: string[]; next: string }
interface Subject { readonly state: string; feed(input: string, out: Recorder): void }

const STATUS: Record<string, number> = { '1xx': 180, '2xx': 200, '3xx-6xx': 486 };
const DELAYS = new Map<number, string>([
  [500, 'T1'], [1000, '2*T1'], [4000, 'T2'], [5000, 'T4'], [200, '200ms'], [32_000, 'Tx'],
]);
/** Timer D is the one delay that equals 64*T1 by accident. */
const TIMERS = { ...DEFAULT_TIMERS, timerDMs: 33_000 };
DELAYS.set(33_000, 'Td');

class Recorder {
  readonly effects: string[] = [];
  setTimer(timer: TransactionTimer, delayMs: number) { this.effects.push(`set ${timer} ${DELAYS.get(delayMs) ?? delayMs}`); }
  stopTimer(timer: TransactionTimer) { this.effects.push(`stop ${timer}`); }
  terminated() { this.effects.push('terminated'); }
  sendRequest() { this.effects.push('sendRequest'); }
  sendAck() { this.effects.push('sendAck'); }
  deliver() { this.effects.push('deliver'); }
  withdraw() { this.effects.push('withdraw'); }
  fail(reason: string) { this.effects.push(`fail ${reason}`); }
  sendResponse() { this.effects.push('sendResponse'); }
  resendResponse() { this.effects.push('resendResponse'); }
  sendTrying() { this.effects.push('sendTrying'); }
  deliverAck() { this.effects.push('deliverAck'); }
  timedOut() { this.effects.push('timedOut'); }
}

function client(machine: InviteClient<string> | NonInviteClient<string>): Subject {
  return {
    get state() { return machine.state; },
    feed(input, out) {
      if (input === 'start') machine.start(out);
      else if (input === 'transport error') machine.onTransportError(out);
      else if (input === 'cancelled') { if (machine instanceof InviteClient) machine.onCancelled(out); }
      else if (input.startsWith('timer ')) machine.onTimer(input.slice(6) as TransactionTimer, out);
      else machine.onResponse(STATUS[input] as number, input, out);
    },
  };
}

function server(machine: InviteServer<string> | NonInviteServer<string>): Subject {
  return {
    get state() { return machine.state; },
    feed(input, out) {
      if (input === 'start') machine.start(out);
      else if (input === 'request') machine.onRequest(out);
      else if (input === 'ACK') machine.onAck(out);
      else if (input.startsWith('timer ')) machine.onTimer(input.slice(6) as TransactionTimer, out);
      else machine.respond(STATUS[input.slice(5)] as number, input, out);
    },
  };
}

const CLIENT_INPUTS = ['1xx', '2xx', '3xx-6xx', 'transport error', 'cancelled'];
const SERVER_INPUTS = ['request', 'ACK', 'send 1xx', 'send 2xx', 'send 3xx-6xx'];

const MACHINES: Record<string, { make(reliable: boolean): Subject; inputs: string[] }> = {
  InviteClient: {
    make: (reliable) => client(new InviteClient(TIMERS, reliable)),
    inputs: [...CLIENT_INPUTS, 'timer A', 'timer B', 'timer D', 'timer M'],
  },
  NonInviteClient: {
    make: (reliable) => client(new NonInviteClient(TIMERS, reliable)),
    inputs: [...CLIENT_INPUTS, 'timer E', 'timer F', 'timer K'],
  },
  InviteServer: {
    make: (reliable) => server(new InviteServer(TIMERS, reliable)),
    inputs: [...SERVER_INPUTS, 'timer Trying', 'timer G', 'timer H', 'timer I', 'timer L'],
  },
  NonInviteServer: {
    make: (reliable) => server(new NonInviteServer(TIMERS, reliable)),
    inputs: [...SERVER_INPUTS, 'timer J'],
  },
};

function readTable(name: string): Row[] {
  const page = readFileSync(new URL('../../../../docs/specs/transactions.md', import.meta.url), 'utf8');
  const section = page.split(/^## /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| ')).slice(1).map((line) => {
    const [state = '', over = '', input = '', effects = '', next = ''] = line.split('|').slice(1).map((cell) => cell.trim());
    return { state, over, input, effects: effects === '' ? [] : effects.split(', '), next };
  });
}

/** The inputs that lead from birth to `state`, by the rows themselves. */
function pathTo(state: string, rows: readonly Row[]): string[] | undefined {
  const paths = new Map<string, string[]>([['-', []]]);
  for (const [from, path] of paths) {
    if (from === state) return path;
    for (const row of rows) {
      if (row.state === from && !paths.has(row.next) && row.next !== 'Terminated') paths.set(row.next, [...path, row.input]);
    }
  }
  return undefined;
}

describe.each(Object.keys(MACHINES))('%s', (name) => {
  const { make, inputs } = MACHINES[name] as { make(reliable: boolean): Subject; inputs: string[] };
  const table = readTable(name);

  describe.each(['udp', 'tcp'])('over %s', (over) => {
    const rows = table.filter((row) => row.over === over || row.over === 'any');
    const arrive = (state: string): Subject => {
      const subject = make(over === 'tcp');
      for (const input of pathTo(state, rows) ?? []) subject.feed(input, new Recorder());
      return subject;
    };

    it.each(rows.map((row) => [row.state, row.input, row] as const))('%s: %s', (state, input, row) => {
      const subject = arrive(state);
      if (state !== '-') expect(subject.state).toBe(state);
      const out = new Recorder();
      subject.feed(input, out);
      expect(out.effects).toEqual(row.effects);
      expect(subject.state).toBe(row.next);
    });

    const states = [...new Set(rows.map((row) => row.state))].filter((state) => state !== '-');
    const silent = [...states, 'Terminated'].flatMap((state) => inputs
      .filter((input) => !rows.some((row) => row.state === state && row.input === input))
      // A timer that was never armed over this transport cannot fire.
      .filter((input) => !(over === 'tcp' && ['timer A', 'timer E', 'timer G'].includes(input)))
      // Repeats the provisional response, if any: told in words below the table.
      .filter((input) => !(name === 'InviteServer' && state === 'Proceeding' && input === 'request'))
      .map((input) => [state, input] as const));

    it.each(silent)('%s: %s does nothing', (state, input) => {
      const subject = state === 'Terminated' ? terminated(arrive, rows) : arrive(state);
      expect(subject.state).toBe(state);
      const out = new Recorder();
      subject.feed(input, out);
      expect(out.effects).toEqual([]);
      expect(subject.state).toBe(state);
    });
  });
});

function terminated(arrive: (state: string) => Subject, rows: readonly Row[]): Subject {
  const last = rows.find((row) => row.next === 'Terminated') as Row;
  const subject = arrive(last.state);
  subject.feed(last.input, new Recorder());
  return subject;
}

describe('retransmission intervals', () => {
  const delays = (feed: (out: { setTimer(timer: string, ms: number): void }) => void, times: number): number[] => {
    const seen: number[] = [];
    const out = Object.assign(new Recorder(), { setTimer: (_timer: string, ms: number) => void seen.push(ms) });
    for (let i = 0; i < times; i += 1) feed(out);
    return seen;
  };

  it('Timer A doubles without a limit (§17.1.1.2)', () => {
    const machine = new InviteClient<string>(TIMERS, false);
    machine.start(new Recorder());
    expect(delays((out) => machine.onTimer('A', out as never), 6)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
  });

  it('Timer E doubles up to T2 (§17.1.2.2)', () => {
    const machine = new NonInviteClient<string>(TIMERS, false);
    machine.start(new Recorder());
    expect(delays((out) => machine.onTimer('E', out as never), 5)).toEqual([1000, 2000, 4000, 4000, 4000]);
  });

  it('Timer G doubles up to T2 (§17.2.1)', () => {
    const machine = new InviteServer<string>(TIMERS, false);
    machine.respond(486, '', new Recorder());
    expect(delays((out) => machine.onTimer('G', out as never), 5)).toEqual([1000, 2000, 4000, 4000, 4000]);
  });

  it('InviteServer repeats its last provisional response, the 100 of its own included', () => {
    const machine = new InviteServer<string>(TIMERS, false);
    const before = new Recorder();
    machine.start(before);
    machine.onRequest(before);
    expect(before.effects).toEqual(['set Trying 200ms']);
    machine.onTimer('Trying', new Recorder());
    const after = new Recorder();
    machine.onRequest(after);
    expect(after.effects).toEqual(['resendResponse']);
  });
});
