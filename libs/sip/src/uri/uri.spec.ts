import { escapeUser, parseHostPort, parseUri, type SipUri, unescapeUri, uriEquals } from './uri.js';

const uri = (text: string): SipUri => {
  const parsed = parseUri(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

it('takes a URI apart', () => {
  expect(uri('sips:%61lice;x=y@Example.COM:5061;transport=TCP;lr?Subject=a%20b')).toMatchObject({
    scheme: 'sips', user: '%61lice;x=y', userName: 'alice;x=y', host: 'example.com', port: 5061, transport: 'tcp', headers: 'Subject=a%20b',
  });
  expect(uri('sip:u:p@[2001:DB8::1]:7')).toMatchObject({ user: 'u', password: 'p', host: '2001:db8::1', port: 7, hostPort: '[2001:db8::1]:7' });
  expect(uri('tel:+1-201-555-0123')).toMatchObject({ scheme: 'tel', host: '', text: 'tel:+1-201-555-0123' });
});

it.each([['bob'], [':x'], ['sip:'], ['sip:a b@c'], ['sip:@host'], ['sip:a@host:99999'], ['sip:a@[::1'], ['sip:a@ho st'], ['sip:a"b@host']])(
  '%s is none', (text) => expect(parseUri(text).ok).toBe(false));

// RFC 3261 §19.1.4, the examples of the section.
it.each([
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on', true],
  ['sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com', 'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com', true],
  ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x', true],
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp', false],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4', false],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;newparam=6', false],
])('%s and %s: %s', (a, b, equal) => {
  expect(uriEquals(uri(a), uri(b))).toBe(equal);
  expect(uriEquals(uri(b), uri(a))).toBe(equal);
});

it('escapes once, both ways', () => {
  expect(escapeUser('\u{1F4DE}')).toBe('%F0%9F%93%9E');
  expect(unescapeUri('a%2541%')).toBe('a%41%');
  expect(uri(`sip:${escapeUser('é "x"@')}@h`).userName).toBe(Buffer.from('é "x"@', 'utf8').toString('latin1'));
  expect(parseHostPort('host:0')).toEqual({ host: 'host', port: 0 });
});
