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
  /** DNs that this session was told something of: a picture of them must say the same. */
  readonly #known = new Set<string>();

  constructor(private readonly receiver: string) {
    super();
  }

  heard(event: TEvent): void {
    const { msg, ThisDN: dn, ConnID: connID } = event;
    if (msg === 'EventRegistered') return this.#begin(String(dn), event['Extensions'] as KVList | undefined);
    if (msg === 'EventAddressInfo') return this.#picture(event);
    if (typeof connID !== 'string' || ASIDE.has(msg)) return;
    this.#known.add(String(dn));
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
    this.#known.clear();
  }

  /** An answer says how the DN stands at its owner; one that nobody asked for begins the DN, or stands after the events that led to it. */
  #picture(event: TEvent): void {
    const dn = String(event['ThisDN']);
    const extensions = event['Extensions'] as KVList | undefined;
    if (event['ReferenceID'] !== undefined) return;
    if (!this.#known.has(dn)) return this.#begin(dn, extensions);
    const told = [...this.#states].filter(([key]) => key.startsWith(`${dn} `)).map(([key]) => key).sort();
    const pictured = [...callsOf(dn, extensions).keys()].sort();
    if (told.join() !== pictured.join()) this.fail(`${this.receiver}: a picture of ${dn} has the calls [${pictured.join()}], events led to [${told.join()}]`);
  }

  /** Who registers anew, after a lost connection, begins with the calls that there are (tlibrary §4.4.1). */
  #begin(dn: string, extensions: KVList | undefined): void {
    this.#known.add(dn);
    for (const key of [...this.#states.keys()]) if (key.startsWith(`${dn} `)) this.#states.delete(key);
    for (const [key, state] of callsOf(dn, extensions)) this.#states.set(key, state);
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

function callsOf(dn: string, extensions: KVList | undefined): Map<string, State> {
  const calls = new Map<string, State>();
  for (let n = 1; ; n += 1) {
    const connID = kvGet(extensions, `conn-${n}`);
    if (typeof connID !== 'string') return calls;
    calls.set(`${dn} ${connID}`, PARTY_STATES[Number(kvGet(extensions, `ps-${n}`) ?? QUEUED)] ?? 'Queued');
  }
}
