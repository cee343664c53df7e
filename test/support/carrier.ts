/** A carrier's end of a trunk: calls through the proxies that are named, and what became of each. */
import { ANY_USER, type Call, openSoftphones, type Phone, type Softphones } from '#softphone';

const CARRIER_PORT = 5090;
const CALLS_MAX = 100_000;
const DOMAIN = 'carrier.test';
/** What a node says that is busy for the moment: as carriers do, the call is tried again. No rule says so without a phrase of its own. */
const OVERLOADED = /^503 (?!CLM:)/;
const TRIES = 20;
const TRY_AGAIN_MS = 500;

export class Carrier {
  #dialled = 0;
  /** Calls that were tried again because a node was busy. */
  triedAgain = 0;

  private constructor(private readonly lines: Softphones, private readonly line: Phone) {}

  /** At the address that the trunk leads to. */
  static async open(host: string): Promise<Carrier> {
    const lines = await openSoftphones({ listen: [{ transport: 'udp', host, port: CARRIER_PORT }] });
    return new Carrier(lines, lines.add({ user: ANY_USER, domain: DOMAIN, callsMax: CALLS_MAX }));
  }

  /** @param proxy `host:port` */
  dial(called: string, proxy: string): Call {
    this.#dialled += 1;
    return this.line.call(`sip:${called}@${proxy}`, `+8150${String(this.#dialled).padStart(8, '0')}`);
  }

  /** The call that was let in or refused, and `queued`, `answered` or such as `486 Busy Here`. */
  async place(called: string, proxy: string): Promise<Placed> {
    for (let left = TRIES; ; left -= 1) {
      const call = this.dial(called, proxy);
      const outcome = await outcomeOf(call);
      if (left === 1 || !OVERLOADED.test(outcome)) return { called, call, outcome };
      this.triedAgain += 1;
      await new Promise((resolve) => { setTimeout(resolve, TRY_AGAIN_MS); });
    }
  }

  /** Whatever stands or is about to. */
  hangUp(): void {
    for (const call of [...this.line.calls]) call.hangUp();
  }

  close(): Promise<void> {
    return this.lines.close();
  }
}

export interface Placed {
  readonly called: string;
  readonly call: Call;
  readonly outcome: string;
}

/** As soon as anything but 100 Trying has come. */
export async function outcomeOf(call: Call): Promise<string> {
  const ended = call.until('Ended').then(() => `${call.end?.status} ${call.refusal?.reason ?? '(no answer)'}`);
  const queued = call.until('Proceeding').then(() => 'queued', () => ended);
  const answered = call.until('Established').then(() => 'answered', () => ended);
  return Promise.race([queued, answered, ended]);
}

/** Resolves when every one of them is over. */
export async function hangUpAll(placed: readonly Placed[]): Promise<void> {
  for (const { call } of placed) call.hangUp();
  await Promise.all(placed.map(({ call }) => call.until('Ended')));
}

/** Starts as many a second, whatever becomes of them; resolves with all that came of it. */
export async function paced<T>(perSecond: number, works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const startMs = performance.now();
  const begun: Promise<T>[] = [];
  for (const [n, work] of works.entries()) {
    const waitMs = startMs + n * 1_000 / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => { setTimeout(resolve, waitMs); });
    begun.push(work());
  }
  return Promise.all(begun);
}
