/** Architecture §9, 3: what a receiver is told of a DN's calls is a legal walk of the call model (docs/specs/call.md, "Parties"). */
import { kvGet, type KVList, type TEvent } from '#tlib';
import { FIRST, MOVES, type WalkState } from '../../../libs/telephony/src/call/event-walk.fixture.js';
import { Verdict } from './verdict.js';

type State = Exclude<WalkState, 'none'>;

/** PartyState bits (tlibrary §5.5). */
const PARTY_STATES: Readonly<Record<number, State>> = { 1: 'Dialing', 9: 'Queued', 10: 'Ringing', 12: 'Established', 14: 'Held' };
const QUEUED = 9;
/** Says something of a call without moving it. */
const ASIDE: ReadonlySet<string> = new Set([
  'EventAttachedDataChanged', 'EventRegistered', 'EventAddressInfo', 'EventPartyInfo', 'EventPrivateInfo', 'EventError',
]);

/** One receiver's view of all DNs. */
export class LegalWalk extends Verdict {
  /** By DN and ConnID. */
  readonly #states = new Map<string, State>();

  #isNew = false;

  constructor(private readonly receiver: string) {
    super();
  }

  heard(event: TEvent): void {
    const { msg, ThisDN: dn, ConnID: connID } = event;
    if (msg === 'EventRegistered' || (msg === 'EventAddressInfo' && this.#isNew)) return this.#picture(String(dn), event['Extensions'] as KVList | undefined);
    if (typeof connID !== 'string' || ASIDE.has(msg)) return;
    const key = `${String(dn)} ${connID}`;
    const state = this.#states.get(key);
    const next = state === undefined ? FIRST[msg] : MOVES[state][msg];
    if (next === undefined) this.fail(`${this.receiver}: ${msg} of call ${connID} at ${String(dn)}, which is ${state ?? 'not in the call'}`);
    else if (next === 'none') this.#states.delete(key);
    else this.#states.set(key, next);
  }

  /** Connected again: pictures follow, by EventRegistered, or of one who registered everything by EventAddressInfo. */
  anew(): void {
    this.#states.clear();
    this.#isNew = true;
  }

  /** Who registers anew, after a lost connection, begins with the calls that there are (tlibrary §4.4.1). */
  #picture(dn: string, extensions: KVList | undefined): void {
    for (const key of [...this.#states.keys()]) if (key.startsWith(`${dn} `)) this.#states.delete(key);
    for (let n = 1; ; n += 1) {
      const connID = kvGet(extensions, `conn-${n}`);
      if (typeof connID !== 'string') return;
      this.#states.set(`${dn} ${connID}`, PARTY_STATES[Number(kvGet(extensions, `ps-${n}`) ?? QUEUED)] ?? 'Queued');
    }
  }

  /** DN and ConnID of calls that the receiver takes for live. */
  get live(): string[] {
    return [...this.#states.keys()];
  }

  /** When all is quiet nothing is live. */
  atQuiet(): void {
    const [first] = this.#states;
    if (first !== undefined) this.fail(`${this.receiver}: the call at ${first[0]} is still ${first[1]}`);
  }
}
