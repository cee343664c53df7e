/** Feeds mutated SIP messages and T-Library lines to the readers: no exception, no hang, memory flat. */
import { checkMessage, makeResponse, parseMessage, StreamFramer } from '#sip';
import { decodeEvent, decodeRequest, LineFramer } from '#tlib';
import { FuzzRandom, mutate } from './mutate.js';

const MESSAGES = [
  'INVITE sip:bob@biloxi.example;x=1?h=2 SIP/2.0\r\nVia: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n'
  + 'From: "A, b" <sip:alice@a.example>;tag=88\r\nTo: <sip:bob@biloxi.example>\r\nCall-ID: c1@a\r\nCSeq: 7 INVITE\r\n'
  + 'Contact: <sip:alice@[2001:db8::1]:5060;transport=tcp>;expires=60, sip:b@c\r\nRoute: <sip:p;lr>,<sip:q;lr>\r\nX: one\r\n two\r\n'
  + 'Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n',
  'SIP/2.0 401 Unauthorized\r\nv: SIP/2.0/TCP h;branch=z9hG4bKx;received=192.0.2.1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\n'
  + 'CSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\nl: 0\r\n\r\n',
];
const LINES = [
  '{"msg":"RequestRouteCall","ReferenceID":3,"ThisDN":"5001","ConnID":"0151025a84c2a028","OtherDN":"7001","Extensions":{"a":{"b":1}}}',
  '{"msg":"RequestAttachUserData","ThisDN":"7001","ConnID":"0151025a84c2a028","UserData":[["a",1],["a","é"]]}',
];

/** Answers how many were read as good. */
export function fuzzMessages(seed: number, count: number): number {
  const random = new FuzzRandom(seed);
  let good = 0;
  for (let i = 0; i < count; i += 1) {
    const text = mutate(MESSAGES[random.below(MESSAGES.length)] as string, random);
    const parsed = parseMessage(text);
    const message = parsed.ok ? parsed.value : parsed.error.partial;
    if (message !== undefined) touch(message);
    if (parsed.ok && checkMessage(parsed.value) === undefined) good += 1;
    if (i % 16 === 0) new StreamFramer({ onMessage: () => {} }).push(Buffer.from(text, 'latin1'));
  }
  return good;
}

/** Everything that decodes, decodes; and what is answered can be built. */
function touch(message: Extract<ReturnType<typeof parseMessage>, { ok: true }>['value']): void {
  void [message.vias, message.from, message.to, message.contacts, message.routes, message.recordRoutes, message.cseq, message.body];
  message.edit().prepend('Via', 'SIP/2.0/UDP p;branch=z9hG4bKp').removeFirst('Route').replace('Max-Forwards', '1').serialize();
  if (message.kind === 'request' && checkMessage(message) === undefined) makeResponse(message, 400, undefined, { toTag: 't' });
}

export function fuzzTlibLines(seed: number, count: number): number {
  const random = new FuzzRandom(seed);
  let good = 0;
  for (let i = 0; i < count; i += 1) {
    const line = mutate(LINES[random.below(LINES.length)] as string, random);
    if (decodeRequest(line).ok) good += 1;
    decodeEvent(line);
    if (i % 16 === 0) new LineFramer().push(Buffer.from(line, 'latin1'), () => {});
  }
  return good;
}
