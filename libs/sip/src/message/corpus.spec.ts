/**
 * Every message of the RFCs' corpora, as the reader and the check see it: what is well formed comes back byte for byte and
 * can be edited without touching the rest; what is not is refused, but for defects that a receiver may pass over.
 */
import { corpusFolders, type CorpusMessage, corpusMessages } from '../../../../test/corpora/manifest.js';
import { corpora } from '../../../../test/corpora/suite.js';
import { parseMessage } from '../parser/parse-message.js';
import { StreamFramer } from '../parser/stream-framer.js';
import { checkMessage } from './check-message.js';
import type { SipMessage } from './message.js';

/** Well-formed by their manifest, refused by us: docs/specs/sip-stack.md, "Torture tests". */
const REFUSED = new Set(['rfc5589-6.1-F5-INVITE.sip', 'rfc5589-6.2-F5-INVITE.sip']);

/** Defects that are no reason to refuse. */
const PASSED_OVER = new Map([
  ['baddate.dat', 'Date matters to nobody here'],
  ['rfc3261-23.3-x-INVITE.sip', 'without Content-Length the body of a datagram ends with it'],
  ['rfc3261-23.4.2-x-INVITE.sip', 'what follows the body is ignored (RFC 3261 §18.3)'],
  ['rfc5407-3.1.4-F1-INVITE.sip', 'what follows the body is ignored'],
  ['rfc5407-3.1.5-F4-ACK.sip', 'what follows the body is ignored'],
  ['rfc5407-3.3.2-F6-INVITE.sip', 'what follows the body is ignored'],
]);

/** Octets follow their body. */
const TRAILING = new Set(['dblreq.dat', 'inv2543.dat', ...PASSED_OVER.keys()]);

const NEW_VIA = 'SIP/2.0/UDP edge.example;branch=z9hG4bKx';

function accepted({ bytes }: CorpusMessage): SipMessage {
  const parsed = parseMessage(bytes);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** 0 when it is in order. */
function refusal({ bytes }: CorpusMessage): { status: number; answerable: boolean } {
  const parsed = parseMessage(bytes);
  if (!parsed.ok) return { status: parsed.error.statusHint, answerable: parsed.error.partial !== undefined };
  return { status: checkMessage(parsed.value)?.statusHint ?? 0, answerable: parsed.value.kind === 'request' && parsed.value.method !== 'ACK' };
}

function expectSame(a: SipMessage, b: SipMessage): void {
  const facts = (message: SipMessage) => ({
    kind: message.kind, callId: message.callId, cseq: message.cseq, body: message.body, contentType: message.contentType,
    from: [message.from.display, message.from.uriText, message.from.params.entries()],
    to: [message.to.display, message.to.uriText, message.to.params.entries()],
    vias: message.vias.map((via) => [via.transport, via.sentBy, via.params.entries()]),
    contacts: message.contacts.map(String), routes: message.routes.map(String), recordRoutes: message.recordRoutes.map(String),
  });
  expect(facts(b)).toEqual(facts(a));
}

function expectUntouched(message: CorpusMessage): void {
  const text = message.bytes.toString('latin1');
  const first = accepted(message);
  const written = first.serialize();
  if (TRAILING.has(message.file)) expect(text.startsWith(written)).toBe(true);
  else expect(written).toBe(text);
  const again = parseMessage(written);
  if (!again.ok) throw new Error(again.error.message);
  expectSame(first, again.value);
}

/** A line on and off again, and one line changed. */
function expectSplices(message: CorpusMessage): void {
  const first = accepted(message);
  const written = first.serialize();
  expect(first.edit().prepend('Via', NEW_VIA).removeFirst('Via').serialize()).toBe(written);
  const counted = first.edit().prepend('X-Count', '1').build();
  expect(counted.serialize()).toBe(written.replace('\r\n', '\r\nX-Count: 1\r\n'));
  expect(counted.edit().remove('X-Count').serialize()).toBe(written);
  expect(first.edit().body('text/plain', 'h\xe9llo\0').build().body).toBe('h\xe9llo\0');
}

/** The same message out of a stream, byte by byte, with another one behind it. */
function expectFramed(message: CorpusMessage): void {
  const written = Buffer.from(accepted(message).edit().replace('Content-Length', String(accepted(message).body.length)).serialize(), 'latin1');
  const seen: string[] = [];
  const framer = new StreamFramer({ onMessage: (each) => seen.push(each.ok ? each.value.serialize() : each.error.message) });
  const outcomes = new Set(Array.from(Buffer.concat([written, written]), (byte) => framer.push(Buffer.from([byte]))));
  expect([...outcomes]).toEqual(['ok']);
  expect(seen).toEqual([written.toString('latin1'), written.toString('latin1')]);
}

corpora('SIP corpora', () => {
  describe.each([...corpusFolders])('%s', (folder) => {
    it.each(corpusMessages(folder).map((message) => [message.file, message] as const))('%s', (file, message) => {
      const { status, answerable } = refusal(message);
      const isGood = message.isValid ? !REFUSED.has(file) : PASSED_OVER.has(file);
      if (isGood) {
        expect(status).toBe(0);
        expectUntouched(message);
        expectSplices(message);
        expectFramed(message);
      } else {
        expect(status).toBeGreaterThanOrEqual(400);
        const answer = answerable ? status : 'silent';
        if (!REFUSED.has(file)) expect([answer, message.permits(answer)]).toEqual([answer, true]);
      }
    });
  });
});
