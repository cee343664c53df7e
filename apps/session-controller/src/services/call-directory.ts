/**
 * The calls of this node by ConnID (SC-01). Runs their machines: one input, then every effect in order, then the next input.
 * Bounded by `max-calls`; a finished call stays for queries for `sip-call-retain-timeout` (SC-31), one without any sign of
 * life is cleared after `cleanup-idle-tout` (SC-30).
 */
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import type { CallEffect, CallIdentity, CallInput, CallSummary, CallView } from '#telephony';
import type { CallMachine, CallRecord } from './call-record.js';

export interface CallDirectorySettings {
  readonly callsMax: number;
  readonly retainMs: number;
  /** 0 = never. */
  readonly idleMs: number;
}

export interface CallDirectoryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  nextIdentity(): CallIdentity;
  makeMachine(identity: CallIdentity): CallMachine;
  /** Does what a machine asked for. `ended` is the directory's own. */
  perform(call: CallRecord, effect: CallEffect): void;
  /** All effects of an input are done. */
  settled(): void;
  /** The call is not what it was. */
  changed(call: CallRecord): void;
  /** A bug tore the call down: its legs must go without the machine's help. */
  abandon(call: CallRecord): void;
  /** The DN lost a call without an event. */
  unsaid(dn: string): void;
  /** The DN got its first call here, or lost its last one. */
  dnActive(dn: string, active: boolean): void;
}

interface Waiting {
  readonly call: CallRecord;
  readonly input: CallInput;
}

const IDLE_CHECK_MS = 60_000;

export class CallDirectory {
  readonly #calls = new Map<string, CallRecord>();
  readonly #callsOf = new Map<string, Set<CallRecord>>();
  readonly #effects: CallEffect[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #opened: Counter;
  readonly #broken: Counter;
  #live = 0;
  #running = false;
  #idleTimer: Timer | undefined;

  constructor(private readonly ports: CallDirectoryPorts, private readonly settings: CallDirectorySettings) {
    this.#opened = ports.meter.counter('sc_calls_total', 'Calls opened on this node');
    this.#broken = ports.meter.counter('sc_calls_broken_total', 'Calls torn down because of a bug');
    ports.meter.gauge('sc_calls', 'Live calls of this node', () => this.#live);
    if (settings.idleMs > 0) this.#idleTimer = ports.clock.setTimer(IDLE_CHECK_MS, () => this.#clearIdle());
  }

  get live(): number {
    return this.#live;
  }

  get full(): boolean {
    return this.#live >= this.settings.callsMax;
  }

  /** A new call, without any input yet. Callers look at `full` first. */
  open(): CallRecord {
    const identity = this.ports.nextIdentity();
    this.#opened.add();
    return this.#add(identity, this.ports.makeMachine(identity), identity.startedAtMs);
  }

  /** A call that another process began. It counts like any other; its timers are the caller's to arm. */
  adopt(machine: CallMachine, lastActiveMs: number): CallRecord {
    const call = this.#add(machine.state.identity, machine, lastActiveMs);
    for (const dn of machine.dns()) this.noteDn(call, dn);
    return call;
  }

  /** A call that cannot go on, without the machine's help. */
  tearDown(call: CallRecord, why: string, error: unknown): void {
    this.#broken.add();
    this.ports.log.error('a call broke and was torn down', { connID: call.identity.connID, why, error });
    if (call.ended) return;
    call.broken = true;
    this.ports.abandon(call);
    this.#end(call);
    this.#leaveDns(call);
    this.ports.changed(call);
  }

  /** A live call, or one that ended just now and is kept for queries. */
  find(connID: string): CallRecord | undefined {
    return this.#calls.get(connID);
  }

  *calls(): IterableIterator<CallRecord> {
    for (const call of this.#calls.values()) if (!call.ended) yield call;
  }

  summaries(): CallSummary[] {
    return Array.from(this.calls(), (call) => call.machine.summary());
  }

  callsAt(dn: string): readonly CallRecord[] {
    return [...this.#callsOf.get(dn) ?? []];
  }

  viewsOf(dn: string): CallView[] {
    const views: CallView[] = [];
    for (const call of this.#callsOf.get(dn) ?? []) {
      const view = call.machine.viewOf(dn);
      if (view !== undefined) views.push(view);
    }
    return views;
  }

  activeDns(): Iterable<string> {
    return this.#callsOf.keys();
  }

  /** Runs one input. What it causes at once, by whatever way, waits until all its effects are done. */
  feed(call: CallRecord, input: CallInput): void {
    this.#waiting.push({ call, input });
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#run(next);
    } finally {
      this.#running = false;
    }
    this.ports.settled();
  }

  /** An event about the DN left: it has a part in the call from now on. */
  noteDn(call: CallRecord, dn: string): void {
    if (call.dns.has(dn)) return;
    call.dns.add(dn);
    const calls = this.#callsOf.get(dn);
    if (calls !== undefined) {
      calls.add(call);
      return;
    }
    this.#callsOf.set(dn, new Set([call]));
    this.ports.dnActive(dn, true);
  }

  /** A sign of life that is no input, such as a session refresh. */
  touch(call: CallRecord): void {
    call.lastActiveMs = this.ports.clock.nowMs();
  }

  close(): void {
    this.#idleTimer?.cancel();
    for (const call of this.#calls.values()) for (const timer of call.timers.values()) timer.cancel();
    this.#calls.clear();
    this.#callsOf.clear();
  }

  #run({ call, input }: Waiting): void {
    // What was on its way when the call ended is late; questions are answered while the call is kept for them.
    if (call.ended && input.kind !== 'request') return;
    call.lastActiveMs = input.nowMs;
    try {
      call.machine.on(input, this.#effects);
    } catch (error) {
      this.#effects.length = 0;
      // A broken assertion costs this call, never the process.
      return this.tearDown(call, input.kind, error);
    }
    // By index: an effect's performer never adds effects, since inputs wait.
    for (const effect of this.#effects) {
      if (effect.kind === 'ended') this.#end(call);
      else this.ports.perform(call, effect);
    }
    this.#effects.length = 0;
    this.#leaveDns(call);
    this.ports.changed(call);
  }

  #add(identity: CallIdentity, machine: CallMachine, lastActiveMs: number): CallRecord {
    const call: CallRecord = {
      identity, machine, timers: new Map(), dns: new Set(), lastActiveMs, slots: undefined, counts: false, ended: false, broken: false,
    };
    this.#calls.set(identity.connID, call);
    this.#live += 1;
    return call;
  }

  #leaveDns(call: CallRecord): void {
    for (const dn of call.dns) {
      if (call.ended || call.machine.viewOf(dn) === undefined) this.#leaveDn(call, dn);
    }
  }

  #leaveDn(call: CallRecord, dn: string): void {
    call.dns.delete(dn);
    const calls = this.#callsOf.get(dn);
    calls?.delete(call);
    // Nobody said how the call ended: its owner makes its picture equal to what is left.
    if (call.broken) this.ports.unsaid(dn);
    if (calls === undefined || calls.size > 0) return;
    this.#callsOf.delete(dn);
    this.ports.dnActive(dn, false);
  }

  #end(call: CallRecord): void {
    if (call.ended) return;
    call.ended = true;
    this.#live -= 1;
    for (const timer of call.timers.values()) timer.cancel();
    call.timers.clear();
    const forget = (): void => void this.#calls.delete(call.identity.connID);
    if (this.settings.retainMs === 0) forget();
    else call.timers.set('', this.ports.clock.setTimer(this.settings.retainMs, forget));
  }

  #clearIdle(): void {
    const nowMs = this.ports.clock.nowMs();
    for (const call of this.calls()) {
      if (nowMs - call.lastActiveMs < this.settings.idleMs) continue;
      this.ports.log.warn('a call without any sign of life is cleared', { connID: call.identity.connID });
      this.feed(call, { kind: 'clear', reason: 'no sign of life for cleanup-idle-tout', nowMs });
    }
    this.#idleTimer = this.ports.clock.setTimer(IDLE_CHECK_MS, () => this.#clearIdle());
  }
}
