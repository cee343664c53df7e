import { parseMessage } from '../parser/parse-message.js';
import { checkMessage } from './check-message.js';
import { makeRequest, makeResponse } from './make.js';
import type { SipRequest } from './message.js';

const INVITE = [
  'INVITE sip:bob@biloxi.example SIP/2.0',
  'v: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1]:5070;branch="z;,"',
  'Via: SIP / 2.0 / UDP b.example ;branch=z9hG4bK2;received=192.0.2.9',
  'Max-Forwards: 70',
  'From: "A \\"quoted\\", name" <sip:alice@atlanta.example>;tag=88',
  't: Bob <sip:bob@biloxi.example;user=phone>',
  'Call-ID: c1@a.example',
  'CSeq: 7 INVITE',
  'Contact: <sip:alice@192.0.2.1:5060;transport=tcp>;expires=60, sip:alice@b.example;q=0.5',
  'X-Folded: one',
  '  two',
  'x-own: 1',
  'X-OWN: 2',
  'Content-Type: application/sdp',
  'Content-Length: 4',
  '',
  'v=0\n',
].join('\r\n');

function request(text = INVITE): SipRequest {
  const parsed = parseMessage(text);
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('not a request');
  return parsed.value;
}

describe('reading', () => {
  const invite = request();

  it('knows compact forms, lists over lines, folds and headers nobody knows', () => {
    expect(invite.vias.map((via) => [via.transport, via.sentBy, via.branch, via.rport, via.wantsRport])).toEqual([
      ['UDP', 'a.example:5060', 'z9hG4bK1', undefined, true], ['TCP', '[2001:db8::1]:5070', '"z;,"', undefined, false],
      ['UDP', 'b.example', 'z9hG4bK2', undefined, false],
    ]);
    expect(invite.from).toMatchObject({ display: 'A "quoted", name', uriText: 'sip:alice@atlanta.example', tag: '88' });
    expect(invite.to.tag).toBeUndefined();
    expect(invite.to.uri.params.get('user')).toBe('phone');
    expect(invite.contacts.map((contact) => [contact.uri.host, contact.uri.port, contact.params.get('expires') ?? contact.params.get('q')]))
      .toEqual([['192.0.2.1', 5060, '60'], ['b.example', undefined, '0.5']]);
    expect(invite.header('X-Folded')).toBe('one two');
    expect(invite.headers('X-Own')).toEqual(['1', '2']);
    expect(invite.header('X-Missing')).toBeUndefined();
    expect([invite.method, invite.uri, invite.callId, invite.cseq.seq, invite.maxForwards, invite.body, invite.contentType])
      .toEqual(['INVITE', 'sip:bob@biloxi.example', 'c1@a.example', 7, 70, 'v=0\n', 'application/sdp']);
    expect(checkMessage(invite)).toBeUndefined();
  });

  it('keeps the last byte of a letter in UTF-8 that ends a name or a folded line', () => {
    const a = Buffer.from('Voil\u00e0', 'utf8').toString('latin1');
    const read = request(INVITE.replace('t: Bob <', `t: ${a} <`).replace('one\r\n  two', `one\r\n ${a}`).replace('expires=60', `x=${a}`));
    expect([read.to.display, read.header('X-Folded'), read.contacts[0]?.params.get('x')]).toEqual([a, `one ${a}`, a]);
  });

  it('ignores what follows the body', () => {
    expect(request(`${INVITE}INVITE sip:x SIP/2.0\r\n`).serialize()).toBe(INVITE);
  });

  it.each([
    ['', 'SIP_PARSE_EMPTY'], ['\r\n\r\n', 'SIP_PARSE_EMPTY'], ['nonsense\r\n\r\n', 'SIP_PARSE_START_LINE'],
    ['SIP/2.0 99 Low\r\n\r\n', 'SIP_PARSE_START_LINE'], ['INVITE sip:a SIP/3.0\r\nVia: x\r\n\r\n', 'SIP_PARSE_VERSION'],
    ['INVITE sip:a SIP/2.0\r\nno colon here\r\n\r\n', 'SIP_PARSE_HEADER_LINE'], ['INVITE sip:a SIP/2.0\r\nA: b', 'SIP_PARSE_HEADERS_END'],
    ['INVITE sip:a SIP/2.0\r\nContent-Length: 9\r\n\r\nabc', 'SIP_PARSE_CONTENT_LENGTH'],
    [`INVITE sip:${'a'.repeat(5_000)} SIP/2.0\r\n\r\n`, 'SIP_PARSE_TOO_LARGE'], [`INVITE sip:a SIP/2.0\r\n${'A: b\r\n'.repeat(300)}\r\n`, 'SIP_PARSE_TOO_LARGE'],
    [`INVITE sip:a SIP/2.0\r\nA: ${'b'.repeat(9_000)}\r\n\r\n`, 'SIP_PARSE_TOO_LARGE'], ['x'.repeat(70_000), 'SIP_PARSE_TOO_LARGE'],
  ])('%#: refuses with %s', (text, code) => {
    expect(parseMessage(text)).toMatchObject({ ok: false, error: { code: expect.stringContaining(code) as string } });
  });

  it.each([
    ['SIP/2.0 200 OK', 200, 'OK'], ['SIP/2.0 200 ', 200, ''], ['SIP/2.0 200', 200, ''], ['SIP/2.0 699 \xc3\xa9 x', 699, '\xc3\xa9 x'], ['SIP/2.0 100  two', 100, ' two'],
    ['SIP/2.0 99 x', undefined, ''], ['SIP/2.0 700 x', undefined, ''], ['SIP/2.0 2000 x', undefined, ''], ['SIP/2.0  200 x', undefined, ''], ['SIP/2.0 20', undefined, ''],
    ['SIP/2.0 200 a\rb', undefined, ''], ['SIP/3.0 200 OK', undefined, ''], ['SIP/2.0\t200 OK', undefined, ''],
  ])('status line %p', (line, status, reason) => {
    const read = parseMessage(`${line}\r\nCall-ID: 1\r\n\r\n`);
    expect(read.ok && read.value.kind === 'response' ? [read.value.status, read.value.reason] : [undefined, '']).toEqual([status, reason]);
  });

  it('keeps enough of a bad request to answer it, and nothing of a bad response', () => {
    const bad = parseMessage(INVITE.replace('Content-Length: 4', 'Content-Length: 400'));
    expect(bad.ok ? undefined : bad.error.partial?.callId).toBe('c1@a.example');
    const response = parseMessage(INVITE.replace('INVITE sip:bob@biloxi.example SIP/2.0', 'SIP/2.0 200 OK').replace('Content-Length: 4', 'Content-Length: 400'));
    expect(response.ok ? undefined : response.error).not.toHaveProperty('partial');
  });
});

describe('checking', () => {
  it.each([
    ['c1@a.example', true], ['a', true], ['f81d4fae-7dec(<>):\\"/[]?{}@h', true], ['', false], ['@', false], ['a@', false], ['@a', false], ['a@b@c', false], ['a b', false],
    ['a;b', false], ['a,b', false], ['\xe9', false],
  ])('Call-ID %p: %p', (callId, good) => {
    expect(checkMessage(request(INVITE.replace('c1@a.example', callId)))?.code).toBe(good ? undefined : 'SIP_PARSE_CALL_ID');
  });
});

describe('editing', () => {
  it('changes what it is told to and copies the rest byte for byte', () => {
    const text = request().edit()
      .uri('sip:bob@192.0.2.4')
      .prepend('Via', 'SIP/2.0/UDP p.example;branch=z9hG4bKp')
      .prepend('Record-Route', '<sip:p.example;lr>')
      .replace('Max-Forwards', '69')
      .remove('X-Own')
      .append('X-New', 'yes')
      .serialize();
    expect(text).toBe(INVITE
      .replace('INVITE sip:bob@biloxi.example', 'INVITE sip:bob@192.0.2.4')
      .replace('v: SIP', 'Record-Route: <sip:p.example;lr>\r\nVia: SIP/2.0/UDP p.example;branch=z9hG4bKp\r\nv: SIP')
      .replace('Max-Forwards: 70', 'Max-Forwards: 69')
      .replace('x-own: 1\r\nX-OWN: 2\r\n', '')
      .replace('Content-Length: 4\r\n', 'Content-Length: 4\r\nX-New: yes\r\n'));
  });

  it('takes list elements off and puts others in their place', () => {
    const twice = request().edit().removeFirst('Via').removeFirst('Via').build();
    expect(twice.vias.map((via) => via.sentBy)).toEqual(['b.example']);
    expect(request().edit().replaceFirst('Via', 'SIP/2.0/UDP z.example;branch=z9hG4bKz').build().vias.map((via) => via.sentBy))
      .toEqual(['z.example', '[2001:db8::1]:5070', 'b.example']);
    expect(request().edit().removeFirst('X-Missing').serialize()).toBe(INVITE);
  });

  it('keeps Content-Length right with a new body, in bytes', () => {
    const edited = request().edit().body('text/plain', 'h\xc3\xa9llo').build();
    expect([edited.header('Content-Length'), edited.body, edited.contentType]).toEqual(['6', 'h\xc3\xa9llo', 'text/plain']);
    const bare = edited.edit().body('', '').build();
    expect([bare.header('Content-Length'), bare.body, bare.contentType]).toEqual(['0', '', undefined]);
  });
});

describe('making', () => {
  it('answers with the headers that a response copies', () => {
    const invite = request().edit().append('Record-Route', '<sip:p;lr>').append('Timestamp', '5').build();
    const ringing = makeResponse(invite, 180, undefined, { toTag: 't1' });
    expect([ringing.status, ringing.reason, ringing.vias.length, ringing.to.tag, ringing.recordRoutes.length, ringing.header('Timestamp')])
      .toEqual([180, 'Ringing', 3, 't1', 1, undefined]);
    const trying = makeResponse(invite, 100);
    expect([trying.to.tag, trying.recordRoutes.length, trying.header('Timestamp')]).toEqual([undefined, 0, '5']);
    expect(makeResponse(invite, 499).reason).toBe('Client Error');
  });

  it('requests are what they say', () => {
    const made = makeRequest({ method: 'OPTIONS', uri: 'sip:x.example', headers: [['Call-ID', 'a'], ['CSeq', '1 OPTIONS']], body: 'hi', contentType: 'text/plain' });
    expect([made.method, made.uri, made.callId, made.body, made.header('Content-Length')]).toEqual(['OPTIONS', 'sip:x.example', 'a', 'hi', '2']);
  });
});
