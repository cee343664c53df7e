import { request } from '../transaction/testing.js';
import { bestResponse } from './best-response.js';
import { inspectRequest } from './inspect-request.js';
import { hasLooped, loopHash } from './loop-detection.js';
import { nextHopOf, preprocessRoutes } from './routes.js';
import { nextMaxForwards, type ProxyRules, validateRequest } from './validate-request.js';

describe('bestResponse (§16.7 step 6)', () => {
  it.each([
    [[486, 603], 603], [[503, 404], 404], [[302, 404], 302], [[404, 401], 401], [[408, 480], 480], [[503, 500], 500],
    [[486, 480], 486], [[408, 503], 408], [[404, 484], 484],
  ])('of %p it is %d', (statuses, best) => {
    expect(bestResponse(statuses.map((status) => ({ status })))?.status).toBe(best);
  });
  it('is nothing when there is none', () => expect(bestResponse([])).toBeUndefined());
});

const RULES: ProxyRules = {
  extensions: new Set(['sec-agree']), schemes: new Set(['tel']), isOurSentBy: (host, port) => host === 'p.example' && port === 5060,
};

describe('validateRequest (§16.3)', () => {
  const check = (over: Parameters<typeof request>[1]) => validateRequest(request('INVITE', over), RULES);
  it('lets an ordinary request pass', () => expect(check({})).toBeUndefined());
  it('refuses Max-Forwards 0 with 483', () => {
    expect(validateRequest(request('INVITE').edit().replace('Max-Forwards', '0').build(), RULES)).toEqual({ status: 483, headers: [] });
  });
  it('refuses an unknown scheme with 416, takes one it was told of', () => {
    expect(check({ uri: 'nobodyKnowsThisScheme:totallyopaquecontent' })?.status).toBe(416);
    expect(check({ uri: 'tel:+1234' })).toBeUndefined();
  });
  it('refuses what Proxy-Require asks and it cannot do with 420 and says what', () => {
    expect(check({ headers: [['Proxy-Require', 'sec-agree, nothingSupportsThis'], ['Proxy-Require', 'more']] }))
      .toEqual({ status: 420, headers: [['Unsupported', 'nothingSupportsThis, more']] });
  });
  it('counts Max-Forwards down, from 70 when absent', () => {
    expect(nextMaxForwards(request('INVITE'))).toBe(69);
    expect(nextMaxForwards(request('INVITE').edit().remove('Max-Forwards').build())).toBe(70);
  });
});

describe('inspectRequest (§8.2)', () => {
  const rules = { methods: ['INVITE', 'OPTIONS'], extensions: new Set(['timer']) };
  it('serves what it knows', () => {
    expect(inspectRequest(request('OPTIONS', { headers: [['Require', 'Timer']] }), rules)).toBeUndefined();
    expect(inspectRequest(request('MESSAGE'), { extensions: new Set() })).toBeUndefined();
  });
  it('refuses another method with 405 and says which it serves', () => {
    expect(inspectRequest(request('MESSAGE'), rules)).toEqual({ status: 405, headers: [['Allow', 'INVITE, OPTIONS']] });
  });
  it('refuses another scheme with 416, unless told of it', () => {
    expect(inspectRequest(request('OPTIONS', { uri: 'isbn:2983792873' }), rules)?.status).toBe(416);
    expect(inspectRequest(request('OPTIONS', { uri: 'tel:+1' }), { ...rules, schemes: new Set(['tel']) })).toBeUndefined();
  });
  it('refuses what Require asks and it cannot do with 420, but for ACK and CANCEL (§8.2.2.3)', () => {
    const headers = [['Require', 'timer, one'], ['Require', 'two']] as const;
    expect(inspectRequest(request('INVITE', { headers }), rules)).toEqual({ status: 420, headers: [['Unsupported', 'one, two']] });
    expect(inspectRequest(request('CANCEL', { headers }), { extensions: rules.extensions })).toBeUndefined();
  });
});

describe('loop detection (RFC 5393)', () => {
  const first = request('INVITE');
  const back = (hash: string, over: Parameters<typeof request>[1] = {}, host = 'p.example:5060') => request('INVITE', over).edit()
    .prepend('Via', `SIP/2.0/UDP ${host};branch=z9hG4bKabc.${hash}`).prepend('Via', 'SIP/2.0/UDP other.example;branch=z9hG4bKx').build();

  it('finds the same request again', () => {
    expect(hasLooped(first, RULES.isOurSentBy)).toBe(false);
    expect(hasLooped(back(loopHash(first)), RULES.isOurSentBy)).toBe(true);
    expect(validateRequest(back(loopHash(first)), RULES)?.status).toBe(482);
  });
  it('lets a spiral pass: another Request-URI', () => {
    expect(hasLooped(back(loopHash(first), { uri: 'sip:carol@example.com' }), RULES.isOurSentBy)).toBe(false);
  });
  it('lets a spiral pass: other routes', () => {
    expect(hasLooped(back(loopHash(first), { headers: [['Route', '<sip:x;lr>']] }), RULES.isOurSentBy)).toBe(false);
  });
  it('does not mind the hash of somebody else', () => {
    expect(hasLooped(back(loopHash(first), {}, 'q.example:5060'), RULES.isOurSentBy)).toBe(false);
  });
});

describe('routes', () => {
  const isOurs = (uri: { host: string }) => uri.host === 'p.example';
  const withRoutes = (uri: string, ...routes: string[]) =>
    request('BYE', { uri, headers: routes.map((route) => ['Route', route] as const) });

  it('takes its own routes off the top, both of a double record-route (§16.4)', () => {
    const found = preprocessRoutes(withRoutes('sip:bob@b', '<sip:f1@p.example;lr>, <sip:f2@p.example;lr>', '<sip:q.example;lr>'), isOurs);
    expect(found.own.map(({ uri }) => uri.user)).toEqual(['f1', 'f2']);
    expect(found).toMatchObject({ uri: 'sip:bob@b', routes: ['<sip:q.example;lr>'], changed: true });
  });
  it('leaves foreign routes alone', () => {
    expect(preprocessRoutes(withRoutes('sip:bob@b', '<sip:q.example;lr>'), isOurs))
      .toEqual({ uri: 'sip:bob@b', routes: ['<sip:q.example;lr>'], own: [], changed: false });
  });
  it('puts right what a strict router did to the Request-URI (§16.12.1.1)', () => {
    const found = preprocessRoutes(withRoutes('sip:f1@p.example;lr', '<sip:q.example;lr>', '<sip:bob@b>'), isOurs);
    expect(found).toMatchObject({ uri: 'sip:bob@b', routes: ['<sip:q.example;lr>'], changed: true });
  });
  it('sends to the first route, or to the Request-URI', () => {
    expect(nextHopOf('sip:bob@b', []).destination?.host).toBe('b');
    expect(nextHopOf('sip:bob@b', ['<sip:q.example;lr>'])).toMatchObject({ uri: 'sip:bob@b', routes: ['<sip:q.example;lr>'] });
    expect(nextHopOf('sip:bob@b', ['<sip:q.example;lr>']).destination?.host).toBe('q.example');
  });
  it('serves a strict router as it expects (§16.6 step 6)', () => {
    const hop = nextHopOf('sip:bob@b', ['<sip:strict.example>', '<sip:q.example;lr>']);
    expect(hop).toMatchObject({ uri: 'sip:strict.example', routes: ['<sip:q.example;lr>', '<sip:bob@b>'] });
    expect(hop.destination?.host).toBe('strict.example');
  });
});
