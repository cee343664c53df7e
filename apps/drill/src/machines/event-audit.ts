/** What a monitoring client is told, checked: numbers of each DN without holes and doubles, and legal walks of its calls. */
import { CALL_EVENT_MOVES, FIRST_CALL_EVENTS, type WalkState } from '#telephony';
import { kvGet, type KVList, type TEvent } from '#tlib';

interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** Pictures of a DN, which repeat the number of its last event. */
const PICTURES: ReadonlySet<string> = new Set(['EventRegistered', 'EventAddressInfo']);
/** Says something of a call without moving it. */
const ASIDE: ReadonlySet<string> = new Set(['EventAttachedDataChanged', 'EventPartyInfo', 'EventError', 'EventUserEvent', 'EventPrivateInfo']);
/** PartyState bits (tlibrary §5.5). */
const PARTY_STATES: Readonly<Record<number, WalkState>> = { 1: 'Dialing', 9: 'Queued', 10: 'Ringing', 12: 'Established', 14: 'Held' };
const QUEUED = 9;
/** Of each kind; more are counted only. */
const FINDINGS_MAX = 20;

export interface AuditFindings {
  readonly events: number;
  readonly lost: number;
  readonly doubled: number;
  readonly illegal: number;
  /** The first of them, one line each. */
  readonly lines: readonly string[];
}

export class EventAudit {
  readonly #last = new Map<string, Position>();
  /** By DN and ConnID. */
  readonly #walks = new Map<string, Map<string, WalkState>>();
  /** Numbers heard by DN, to see whether another monitor heard what this one did not. */
  readonly #heard = new Map<string, Set<number>>();
  /** Numbers that were leapt over with notice. */
  readonly #leapt: { readonly dn: string; readonly from: number; readonly to: number }[] = [];
  readonly #lines: string[] = [];
  /** DNs whose next number may leap: this session has told nothing of them yet. */
  #unseen = new Set<string>();
  #events = 0;
  #lost = 0;
  #doubled = 0;
  #illegal = 0;

  constructor(readonly monitor: string) {}

  on(event: TEvent): void {
    if (event.msg === 'EventServerConnected') {
      if (event['Resumed'] !== true) this.#anew();
      return;
    }
    const { ThisDN: dn, DNSequence: seq, OwnerEpoch: epoch } = event as { ThisDN?: string; DNSequence?: number; OwnerEpoch?: number };
    if (dn === undefined || dn === '*') return;
    if (seq === undefined || epoch === undefined) return this.#unnumbered(dn, event);
    if (PICTURES.has(event.msg)) this.#picture(dn, { epoch, seq }, event);
    else this.#numbered(dn, { epoch, seq }, event);
  }

  /** `others` heard by other monitors: what they heard and this one leapt over was not lost. */
  findings(others: readonly EventAudit[]): AuditFindings {
    const lines = [...this.#lines];
    let lost = this.#lost;
    for (const { dn, from, to } of this.#leapt) {
      for (let seq = from; seq <= to; seq += 1) {
        if (others.some((other) => other.#heard.get(dn)?.has(seq) === true)) continue;
        lost += 1;
        if (lines.length < FINDINGS_MAX) lines.push(`${this.monitor}: nobody was told event ${seq} of ${dn}`);
      }
    }
    return { events: this.#events, lost, doubled: this.#doubled, illegal: this.#illegal, lines };
  }

  /** A session that was not resumed begins with pictures; a DN that has none yet has no calls as far as it was told. */
  #anew(): void {
    this.#unseen = new Set(this.#last.keys());
    this.#walks.clear();
  }

  #numbered(dn: string, at: Position, event: TEvent): void {
    const last = this.#last.get(dn);
    const first = this.#unseen.delete(dn);
    this.#events += 1;
    this.#hear(dn, at.seq);
    if (last !== undefined && (at.epoch < last.epoch || (at.epoch === last.epoch && at.seq <= last.seq))) {
      this.#doubled += 1;
      return this.#say(`${event.msg} ${at.epoch}/${at.seq} of ${dn} after ${last.epoch}/${last.seq}`);
    }
    if (last !== undefined && at.seq > last.seq + 1) {
      if (first) {
        this.#leapt.push({ dn, from: last.seq + 1, to: at.seq - 1 });
      } else {
        this.#lost += at.seq - last.seq - 1;
        this.#say(`${event.msg} ${at.epoch}/${at.seq} of ${dn} after ${last.epoch}/${last.seq}: ${at.seq - last.seq - 1} missing`);
      }
    }
    this.#last.set(dn, at);
    this.#walk(dn, event);
  }

  /** Stands in for events that the smart proxy itself did not hear: it says what became of the DN. Where numbers leap, a picture follows. */
  #unnumbered(dn: string, event: TEvent): void {
    if (ASIDE.has(event.msg) || PICTURES.has(event.msg)) return;
    this.#walk(dn, event);
  }

  #picture(dn: string, at: Position, event: TEvent): void {
    const last = this.#last.get(dn);
    this.#unseen.delete(dn);
    if (last !== undefined && at.seq > last.seq) this.#leapt.push({ dn, from: last.seq + 1, to: at.seq });
    if (last === undefined || at.epoch > last.epoch || (at.epoch === last.epoch && at.seq > last.seq)) this.#last.set(dn, at);
    this.#repaint(dn, event['Extensions'] as KVList | undefined);
  }

  /** Whoever gets a picture begins with the calls that there are (tlibrary §4.4.1). */
  #repaint(dn: string, extensions: KVList | undefined): void {
    const calls = new Map<string, WalkState>();
    this.#walks.set(dn, calls);
    for (let n = 1; ; n += 1) {
      const connID = kvGet(extensions, `conn-${n}`);
      if (typeof connID !== 'string') return;
      calls.set(connID, PARTY_STATES[Number(kvGet(extensions, `ps-${n}`) ?? QUEUED)] ?? 'Queued');
    }
  }

  #walk(dn: string, event: TEvent): void {
    const connID = event['ConnID'];
    if (typeof connID !== 'string' || ASIDE.has(event.msg)) return;
    const calls = this.#walks.get(dn) ?? new Map<string, WalkState>();
    this.#walks.set(dn, calls);
    const state = calls.get(connID) ?? 'none';
    const next = state === 'none' ? FIRST_CALL_EVENTS[event.msg] : CALL_EVENT_MOVES[state][event.msg];
    if (next === undefined) {
      this.#illegal += 1;
      this.#say(`${event.msg} of call ${connID} at ${dn}, which is ${state === 'none' ? 'not in the call' : state}`);
    } else if (next === 'none') {
      calls.delete(connID);
    } else {
      calls.set(connID, next);
    }
  }

  #hear(dn: string, seq: number): void {
    const heard = this.#heard.get(dn) ?? new Set();
    this.#heard.set(dn, heard.add(seq));
  }

  #say(line: string): void {
    if (this.#lines.length < FINDINGS_MAX) this.#lines.push(`${this.monitor}: ${line}`);
  }
}
