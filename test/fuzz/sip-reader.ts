/** Everything that reads SIP bytes: parser, check, decoders, edits, framing, digest, session descriptions. */
import {
  checkMessage, dialogFromInvite, dialogFromResponse, directionsOf, isHold, makeResponse, parseAuthorization, parseDigestParameters,
  parseMessage, parseNameAddr, parseRAck, parseReplaces, parseUri, processRegister, sessionTimerFrom, type SipMessage, splitList,
  stampMessage, StreamFramer, uriEquals, withDirection, withNextVersion,
} from '#sip';
import type { FuzzTarget } from './harness.js';
import type { FuzzRandom } from './mutate.js';
import { sipSeeds } from './seeds.js';

const SOURCE = { host: '192.0.2.7', port: 4711 };
const RULES = { nowMs: 0, defaultExpires: 140, minExpires: 60, maxExpires: 7200, maxBindings: 3 };
const POLICY = { intervalS: 1800, minSeS: 90 };
/** Cuts through the stream in every tenth input. */
const FRAMED_EVERY = 10;

export const sipReader: FuzzTarget = {
  name: 'sip-reader', seeds: sipSeeds, ofMillion: 1_000_000, batch: 10_000,
  feed(input, random) {
    const parsed = parseMessage(stampMessage(input, SOURCE, random.below(2) === 0 ? 'asked' : 'always').text);
    const message = parsed.ok ? parsed.value : parsed.error.partial;
    if (message !== undefined) decodeAll(message);
    if (message?.kind === 'request') makeResponse(message, 400, undefined, { toTag: 't' });
    if (random.below(FRAMED_EVERY) === 0) frame(input, random);
    if (!parsed.ok || checkMessage(parsed.value) !== undefined) return false;
    accept(parsed.value);
    return true;
  },
};

function decodeAll(message: SipMessage): void {
  const { vias, from, to, contacts, routes, recordRoutes, topVia, body } = message;
  void [topVia.branch, routes, recordRoutes, message.cseq, message.isStarContact];
  for (const via of vias) void [via.sentBy, via.rport, via.received, via.params.entries()];
  for (const { display, uri, params } of [from, to, ...contacts]) {
    void [display, uri.userName, uri.hostPort, uri.transport, params.entries(), uriEquals(uri, from.uri)];
  }
  for (const name of ['Authorization', 'WWW-Authenticate', 'Allow', 'Require']) {
    for (const value of message.headers(name)) void [parseAuthorization(value), parseDigestParameters(value), splitList(value)];
  }
  void [parseReplaces(message.header('Replaces') ?? ''), parseRAck(message.header('RAck') ?? ''), parseNameAddr(message.header('Refer-To') ?? '')];
  void [directionsOf(body), isHold(body), withNextVersion(withDirection(body, 'inactive'))];
}

/** What is accepted is good for whatever is done with it next. */
function accept(message: SipMessage): void {
  const edited = message.edit().prepend('Via', 'SIP/2.0/UDP p;branch=z9hG4bKp').removeFirst('Route').replace('Max-Forwards', '1').build();
  if (checkMessage(edited) !== undefined) throw new Error(`an edit broke it: ${checkMessage(edited)?.message}`);
  if (parseMessage(message.serialize()).ok !== true) throw new Error('it cannot be read again');
  if (message.kind === 'response') {
    dialogFromResponse(edited as never, message);
    sessionTimerFrom(message, POLICY, 0);
    return;
  }
  void [parseUri(message.uri), dialogFromInvite(message, 'tag')];
  const response = makeResponse(message, 200, undefined, { toTag: 't' });
  if (checkMessage(response) !== undefined) throw new Error(`its response is malformed: ${checkMessage(response)?.message}`);
  processRegister(processRegister([], message, RULES).bindings, message, RULES);
}

function frame(input: string, random: FuzzRandom): void {
  const bytes = Buffer.from(input, 'latin1');
  const outcomes = [[bytes], pieces(bytes, random)].map((stream) => {
    const seen: string[] = [];
    const framer = new StreamFramer({
      onMessage: (each) => seen.push(each.ok ? each.value.serialize() : each.error.code),
      onPing: () => seen.push('ping'),
    });
    for (const piece of stream) if (framer.push(piece) === 'close') seen.push('close');
    return seen.slice(0, seen.includes('close') ? seen.indexOf('close') : seen.length).join('\n');
  });
  if (outcomes[0] !== outcomes[1]) throw new Error('the stream is read differently when it is cut differently');
}

function pieces(bytes: Buffer, random: FuzzRandom): Buffer[] {
  const cut: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const length = 1 + random.below(100);
    cut.push(bytes.subarray(from, from + length));
    from += length;
  }
  return cut;
}
