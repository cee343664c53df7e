import { MOVES, FIRST, type WalkState } from '../call/walk-table.js';
import type { CallView } from '../messages/index.js';
import { CallBook, PARTY } from './call-book.js';

const WALK: Readonly<Record<number, WalkState>> = {
  [PARTY.initiated]: 'Dialing', [PARTY.queued]: 'Queued', [PARTY.alerting]: 'Ringing', [PARTY.connected]: 'Established', [PARTY.held]: 'Held',
};
const PHONE = [undefined, PARTY.initiated, PARTY.alerting, PARTY.connected, PARTY.held];
const QUEUE = [undefined, PARTY.queued];
const pairs = [PHONE, QUEUE].flatMap((states) => states.flatMap((from) => states.map((to) => [from, to] as const)));

const view = (partyState: number | undefined): CallView[] => (partyState === undefined ? []
  : [{ connID: 'c1', callUUID: 'u', callID: 1, callType: 'Inbound', partyState, node: 'N1', business: false }]);

const walk = (state: WalkState, msg: string): WalkState => {
  const next = state === 'none' ? FIRST[msg] : MOVES[state][msg];
  if (next === undefined) throw new Error(`${msg} in ${state}`);
  return next;
};

it.each(pairs)('tells of a call whose party was %s and is %s what may be told in that order', (from, to) => {
  const book = new CallBook();
  book.replaceAll(view(from));
  const events = book.eventsTowards('7001', 'N1', view(to));
  const end = events.map(({ msg }) => msg).reduce(walk, from === undefined ? 'none' : WALK[from]!);
  expect(end).toBe(to === undefined ? 'none' : WALK[to]);
});

it('tells of one who left the call and was called into it again that he left', () => {
  const book = new CallBook();
  book.replaceAll(view(PARTY.connected));
  expect(book.eventsTowards('7001', 'N1', view(PARTY.alerting)).map(({ msg }) => msg)).toEqual(['EventReleased', 'EventRinging']);
});
