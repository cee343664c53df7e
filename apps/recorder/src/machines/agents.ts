/** Agent events and snapshots to records of sessions and states (docs/specs/history.md, "Agents"). */
import type { Machine, Out } from '#kernel';
import type { AgentStateData } from '#store';
import { type KVList, kvGet, kvText, type TEvent } from '#tlib';
import type { HistoryEffect } from './effects.js';
import { agentsOwned, type Heard, type SeenAgent, text, timeOf } from './heard.js';

interface OpenState {
  readonly state: AgentStateData['state'];
  readonly workMode: string;
  readonly reasons: Readonly<Record<string, string>>;
  readonly sinceMs: number;
  readonly seq: number;
}

interface OpenSession {
  readonly dn: string;
  readonly agentID: string;
  readonly sessionID: string;
  readonly loginAtMs: number;
  readonly seq: number;
  /** Who tells of it, and in which epoch of ownership. */
  source: string;
  node: string;
  epoch: number;
  state: OpenState | undefined;
}

/** Of a session or a state: begun, ended by a guess, ended by its own event. */
const VERSION = { begun: 1, inferred: 2, ended: 3 } as const;
type Ending = { readonly atMs: number; readonly cause: string; readonly version: 2 | 3 };

const READY = 2;
const AFTER_CALL_WORK = 4;

export interface AgentsInput {
  readonly seq: number;
  readonly heard: Heard;
}

export class Agents implements Machine<AgentsInput, HistoryEffect> {
  readonly #byDn = new Map<string, OpenSession>();
  readonly #byAgent = new Map<string, OpenSession>();
  /** DNs that the snapshot which a source is sending has named so far. */
  readonly #named = new Map<string, Set<string>>();

  get loggedIn(): number {
    return this.#byDn.size;
  }

  on({ seq, heard }: AgentsInput, out: Out<HistoryEffect>): void {
    const { event, source } = heard;
    if (event.msg === 'AgentsOwned') return this.#owned(seq, event, source, out);
    const dn = text(event, 'ThisDN');
    const known = this.#byDn.get(dn);
    const epoch = (event['OwnerEpoch'] as number | undefined) ?? 0;
    if (known !== undefined && event.msg !== 'EventUnregistered' && epoch < known.epoch) return void out.push({ kind: 'release', seqs: [seq] });
    switch (event.msg) {
      case 'EventAgentLogin': return this.#login(seq, event, source, out);
      case 'EventAgentReady':
      case 'EventAgentNotReady': return this.#state(seq, event, source, out);
      case 'EventAgentLogout': return this.#logout(seq, event, known, out);
      case 'EventUnregistered': return this.#left(seq, event, source, known, out);
      default: return void out.push({ kind: 'release', seqs: [seq] });
    }
  }

  #login(seq: number, event: TEvent, source: string, out: Out<HistoryEffect>): void {
    const session = this.#sessionOf(seq, event, source, timeOf(event), out);
    if (session.seq !== seq) out.push({ kind: 'release', seqs: [seq] });
  }

  #state(seq: number, event: TEvent, source: string, out: Out<HistoryEffect>): void {
    const session = this.#sessionOf(seq, event, source, timeOf(event), out);
    const workMode = text(event, 'AgentWorkMode');
    const state = event.msg === 'EventAgentReady' ? 'Ready' : notReadyState(workMode);
    this.#enter(session, { state, workMode, reasons: plain(event['Reasons'] as KVList | undefined), sinceMs: timeOf(event), seq }, event.msg, out);
  }

  #logout(seq: number, event: TEvent, known: OpenSession | undefined, out: Out<HistoryEffect>): void {
    if (known?.sessionID === text(event, 'AgentSessionID')) this.#close(known, { atMs: timeOf(event), cause: event.msg, version: VERSION.ended }, out);
    out.push({ kind: 'release', seqs: [seq] });
  }

  /** The node owns the DN no longer. With an heir the session goes on there: whoever hears that node records its end. */
  #left(seq: number, event: TEvent, source: string, known: OpenSession | undefined, out: Out<HistoryEffect>): void {
    if (known !== undefined && known.source === source) {
      const heir = kvText(event['Extensions'] as KVList | undefined, 'owner') ?? '';
      if (heir === '') this.#close(known, { atMs: timeOf(event), cause: 'EventDNOutOfService', version: VERSION.inferred }, out);
      else this.#forget(known, out);
    }
    out.push({ kind: 'release', seqs: [seq] });
  }

  /** All that a node owns, in parts; whoever is not in it is not logged in there any more. */
  #owned(seq: number, event: TEvent, source: string, out: Out<HistoryEffect>): void {
    const { part, agents } = agentsOwned(event);
    const named = this.#named.get(source) ?? new Set();
    if (part === 'more') this.#named.set(source, named);
    let held = false;
    for (const agent of agents) {
      named.add(agent.dn);
      held = this.#seen(seq, agent, source, out) || held;
    }
    if (part === 'last') this.#snapshotOver(source, named, timeOf(event), out);
    if (!held) out.push({ kind: 'release', seqs: [seq] });
  }

  #snapshotOver(source: string, named: ReadonlySet<string>, atMs: number, out: Out<HistoryEffect>): void {
    this.#named.delete(source);
    for (const session of [...this.#byDn.values()]) {
      if (session.source !== source || named.has(session.dn)) continue;
      this.#close(session, { atMs, cause: 'gone', version: VERSION.inferred }, out);
    }
  }

  /** Whether something that is open rests on this line now. */
  #seen(seq: number, agent: SeenAgent, source: string, out: Out<HistoryEffect>): boolean {
    const known = this.#byDn.get(agent.dn);
    if (known !== undefined && agent.epoch < known.epoch) return false;
    const event: TEvent = {
      msg: 'snapshot', ThisDN: agent.dn, AgentID: agent.agentID, AgentSessionID: agent.sessionID, OwnerEpoch: agent.epoch,
    };
    const session = this.#sessionOf(seq, event, source, agent.loginAtMs, out);
    const { status, workMode, reasons, sinceMs } = agent;
    const state = status === READY ? 'Ready' : notReadyState(status === AFTER_CALL_WORK ? 'AfterCallWork' : workMode);
    this.#enter(session, { state, workMode, reasons: plain(reasons), sinceMs, seq }, 'snapshot', out);
    return session.seq === seq || session.state?.seq === seq;
  }

  /** The session of that event, opened when it is not yet; what stood in its place is closed. */
  #sessionOf(seq: number, event: TEvent, source: string, atMs: number, out: Out<HistoryEffect>): OpenSession {
    const [dn, agentID, sessionID] = [text(event, 'ThisDN'), text(event, 'AgentID'), text(event, 'AgentSessionID')];
    const epoch = (event['OwnerEpoch'] as number | undefined) ?? 0;
    const node = source.split('/')[0] as string;
    const known = this.#byDn.get(dn);
    if (known?.sessionID === sessionID) {
      Object.assign(known, { source, epoch, node });
      return known;
    }
    if (known !== undefined) this.#close(known, { atMs, cause: 'EventAgentLogin', version: VERSION.inferred }, out);
    const elsewhere = this.#byAgent.get(agentID);
    if (elsewhere !== undefined) this.#close(elsewhere, { atMs, cause: 'EventAgentLogin', version: VERSION.inferred }, out);
    const session: OpenSession = { dn, agentID, sessionID, loginAtMs: atMs, seq, source, node, epoch, state: undefined };
    this.#byDn.set(dn, session);
    this.#byAgent.set(agentID, session);
    this.#writeSession(session, undefined, out);
    return session;
  }

  /** A state that is said again is no new one. */
  #enter(session: OpenSession, next: OpenState, cause: string, out: Out<HistoryEffect>): void {
    const { state } = session;
    if (state !== undefined && isSame(state, next)) {
      if (next.seq !== session.seq && cause !== 'snapshot') out.push({ kind: 'release', seqs: [next.seq] });
      return;
    }
    if (state !== undefined) this.#endState(session, state, { atMs: next.sinceMs, cause, version: VERSION.ended }, out);
    session.state = next;
    this.#writeState(session, next, undefined, out);
  }

  #endState(session: OpenSession, state: OpenState, ending: Ending, out: Out<HistoryEffect>): void {
    this.#writeState(session, state, ending, out);
    if (state.seq !== session.seq) out.push({ kind: 'release', seqs: [state.seq] });
  }

  #close(session: OpenSession, ending: Ending, out: Out<HistoryEffect>): void {
    if (session.state !== undefined) this.#writeState(session, session.state, ending, out);
    this.#writeSession(session, ending, out);
    this.#forget(session, out);
  }

  #forget(session: OpenSession, out: Out<HistoryEffect>): void {
    this.#byDn.delete(session.dn);
    if (this.#byAgent.get(session.agentID) === session) this.#byAgent.delete(session.agentID);
    // A snapshot's line holds many sessions: it goes with the last of them.
    const seqs = [...new Set([session.seq, session.state?.seq ?? session.seq])].filter((seq) => !this.#restsOn(seq));
    out.push({ kind: 'release', seqs });
  }

  #restsOn(seq: number): boolean {
    for (const session of this.#byDn.values()) if (session.seq === seq || session.state?.seq === seq) return true;
    return false;
  }

  #writeSession({ dn, agentID, sessionID, loginAtMs, node }: OpenSession, ending: Ending | undefined, out: Out<HistoryEffect>): void {
    out.push({
      kind: 'write',
      record: {
        kind: 'agentSession', key: sessionID, atMs: loginAtMs, version: ending?.version ?? VERSION.begun, dns: [dn], agents: [agentID],
        data: { agentID, dn, node, ...ended(ending) },
      },
    });
  }

  #writeState({ dn, agentID, sessionID }: OpenSession, open: OpenState, ending: Ending | undefined, out: Out<HistoryEffect>): void {
    const { state, workMode, reasons, sinceMs } = open;
    out.push({
      kind: 'write',
      record: {
        kind: 'agentState', key: `${sessionID}.${sinceMs}.${state}`, atMs: sinceMs, version: ending?.version ?? VERSION.begun, dns: [dn], agents: [agentID],
        data: { agentID, dn, sessionID, state, workMode, reasons, ...ended(ending) },
      },
    });
  }
}

const ended = (ending: Ending | undefined): { endedAtMs?: number; endCause?: string } =>
  (ending === undefined ? {} : { endedAtMs: ending.atMs, endCause: ending.cause });

const notReadyState = (workMode: string): OpenState['state'] => (workMode === 'AfterCallWork' || workMode === 'LegalGuard' ? workMode : 'NotReady');

const isSame = (a: OpenState, b: OpenState): boolean =>
  a.state === b.state && a.workMode === b.workMode && JSON.stringify(a.reasons) === JSON.stringify(b.reasons);

/** The owner's remark among the agent's reasons (TC-17): it changes with the owner, and snapshots have it not. */
const SITE = 'site';

/** Reasons and codes as columns; lists within them are left out. */
function plain(list: KVList | undefined): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const [key] of list ?? []) {
    if (key === SITE || typeof kvGet(list, key) === 'object') continue;
    columns[key] ??= kvText(list, key) ?? '';
  }
  return columns;
}
