import { application, cluster, twoSites } from '../cluster.fixture.js';
import { checkProvisioning } from './provisioning-check.js';

describe('the provisioning check (DNS-06)', () => {
  it('finds nothing in a sound configuration', () => {
    expect(checkProvisioning(twoSites)).toEqual([]);
  });

  it.each([
    ['a different SIP port (PRX-16)', { ports: new Map([['sip', 5080]]) }, /'p2' has sip port 5080 and 'p1' has 5060/],
    ['no SIP port', { ports: new Map() }, /'p2' has no port 'sip'/],
    ['an address that is none', { host: '0.0.0.0' }, /no phone can send to/],
    ['a host name outside the zones', { hostName: 'p2.example.org' }, /outside sip.example.com and phones.example.com/],
    ['the host name of another', { host: '192.0.2.9', hostName: 'P1.sip.example.com' }, /share host name/],
  ])('names %s', (_what, changes, sentence) => {
    expect(checkProvisioning(cluster(application('p1'), application('p2', changes)))).toEqual([expect.stringMatching(sentence)]);
  });
});
