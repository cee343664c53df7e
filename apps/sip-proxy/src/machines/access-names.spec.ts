import { AccessNames } from './access-names.js';

const proxy = (host: string, port = 5060) => ({ name: host, dataCentre: 'dc1', host, port });

describe('the names of the cluster', () => {
  const names = new AccessNames({
    accessPoint: 'sip.example.com', externalContact: 'phones.example.com', sipPort: 5060, sipsPort: 5061,
    proxies: [proxy('192.0.2.1'), proxy('2001:db8::1')],
  });

  it.each([
    ['sip.example.com', undefined], ['SIP.example.com', 5060], ['sip.example.com', 5099], ['phones.example.com', undefined],
    ['192.0.2.1', undefined], ['192.0.2.1', 5061], ['[2001:db8::1]', 5060],
  ])('include %s port %s', (host, port) => expect(names.isOurs(host, port)).toBe(true));

  it.each([['example.com', undefined], ['192.0.2.1', 5090], ['192.0.2.9', 5060]])(
    'do not include %s port %s', (host, port) => expect(names.isOurs(host, port)).toBe(false),
  );

  it('are given back as the far end said them', () => {
    expect(names.of('phones.example.com', undefined)).toEqual({
      inUri: 'phones.example.com', viaHost: 'phones.example.com', viaPort: undefined,
    });
    expect(names.of('[2001:db8::1]', undefined).inUri).toBe('[2001:db8::1]');
    expect(names.of('elsewhere.example.org', undefined)).toBe(names.accessPoint);
  });

  it('carry a port that is not the usual one, but for the access point, whose port SRV tells', () => {
    const other = new AccessNames({
      accessPoint: 'sip.example.com', externalContact: 'phones.example.com', sipPort: 5160, sipsPort: undefined,
      proxies: [proxy('192.0.2.1', 5160)],
    });
    expect(other.of('192.0.2.1', 5160)).toEqual({ inUri: '192.0.2.1:5160', viaHost: '192.0.2.1', viaPort: 5160 });
    expect(other.accessPoint).toEqual({ inUri: 'sip.example.com', viaHost: 'sip.example.com', viaPort: 5160 });
    expect(other.isOurs('192.0.2.1', undefined)).toBe(false);
  });

  it('are found again by what was written down', () => {
    expect(names.byText('192.0.2.1').viaHost).toBe('192.0.2.1');
    expect(names.byText(undefined)).toBe(names.accessPoint);
    expect(names.byText('no longer there')).toBe(names.accessPoint);
  });
});
