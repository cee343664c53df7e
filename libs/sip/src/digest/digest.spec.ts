import type { Entropy } from '#kernel';
import { digestResponse, makeChallenge, parseAuthorization, parseDigestParameters, verifyDigest } from './digest.js';
import { NonceKeeper } from './nonce-keeper.js';

describe('responses', () => {
  // RFC 7616 §3.9.1
  const credentials = {
    username: 'Mufasa', realm: 'http-auth@example.org', uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v', nc: '00000001',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', qop: 'auth',
  } as const;

  it('are those of RFC 7616 §3.9.1', () => {
    expect(digestResponse({ ...credentials, algorithm: 'MD5' }, 'GET', 'Circle of Life')).toBe('8ca523f5e9506fed4657c9700eebdbec');
    expect(digestResponse({ ...credentials, algorithm: 'SHA-256' }, 'GET', 'Circle of Life'))
      .toBe('753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
  });

  it('is that of RFC 2617 §3.5', () => {
    expect(digestResponse({
      username: 'Mufasa', realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', uri: '/dir/index.html',
      algorithm: 'MD5', qop: 'auth', nc: '00000001', cnonce: '0a4f113b',
    }, 'GET', 'Circle Of Life')).toBe('6629fae49393a05397450978507c4ef1');
  });

  it('without qop is that of RFC 2069', () => {
    expect(digestResponse({
      username: 'Mufasa', realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', uri: '/dir/index.html',
      algorithm: 'MD5', qop: undefined, nc: undefined, cnonce: undefined,
    }, 'GET', 'Circle Of Life')).toBe('670fd8c2df070c60b045671b8b24ff02');
  });

  it('verify with the password and with no other', () => {
    for (const algorithm of ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'] as const) {
      const response = digestResponse({ ...credentials, algorithm }, 'REGISTER', 'right');
      const given = { ...credentials, algorithm, response, opaque: undefined };
      expect(verifyDigest(given, 'REGISTER', 'right')).toBe(true);
      expect(verifyDigest(given, 'REGISTER', 'wrong')).toBe(false);
      expect(verifyDigest(given, 'INVITE', 'right')).toBe(false);
      expect(verifyDigest({ ...given, response: 'short' }, 'REGISTER', 'right')).toBe(false);
    }
  });
});

describe('headers', () => {
  it('a challenge is read back', () => {
    const text = makeChallenge({ realm: 'a "b"', nonce: 'n', algorithm: 'SHA-256', stale: true });
    expect(Object.fromEntries(parseDigestParameters(text)!)).toEqual({ realm: 'a "b"', nonce: 'n', algorithm: 'SHA-256', qop: 'auth', stale: 'true' });
  });

  it.each([
    ['Basic abc'], ['Digest'], ['Digest username="a"'], ['Digest username="a", username="b"'], ['Digest username="a" realm="b"'],
    ['Digest username="a", realm="b", nonce="c", uri="d", response="e", qop=auth-int, nc=00000001, cnonce="x"'],
    ['Digest username="a", realm="b", nonce="c", uri="d", response="e", qop=auth, nc=1, cnonce="x"'],
    ['Digest username="a", realm="b", nonce="c", uri="d", response="e", algorithm=SHA-1'],
  ])('%s are no credentials', (text) => expect(parseAuthorization(text)).toBeUndefined());

  it('reads credentials as phones write them', () => {
    expect(parseAuthorization('Digest username="7001", realm="r",nonce="n", uri="sip:a", response="00", algorithm=md5, cnonce="c", qop=auth, nc=0000000a'))
      .toMatchObject({ username: '7001', algorithm: 'MD5', qop: 'auth', nc: '0000000a' });
  });
});

describe('nonces', () => {
  let drawn = 0;
  const entropy = { hex: (count: number) => (drawn += 1).toString(16).padStart(count, '0') } as Entropy;
  const keeper = (usedMax = 10, secret = new Uint8Array(32)) => new NonceKeeper({ secret, lifetimeMs: 1_000, usedMax }, entropy);

  it('serve while they live, with a growing counter', () => {
    const nonces = keeper();
    const nonce = nonces.make(5_000);
    expect(nonces.use(nonce, '00000001', 5_100)).toBe('fresh');
    expect(nonces.use(nonce, '00000001', 5_200)).toBe('replayed');
    expect(nonces.use(nonce, '00000003', 5_300)).toBe('fresh');
    expect(nonces.use(nonce, '00000002', 5_300)).toBe('replayed');
    expect(nonces.use(nonce, '00000004', 6_001)).toBe('stale');
  });

  it('of another secret, or changed, are forged; of the same secret they serve elsewhere', () => {
    const nonce = keeper().make(5_000);
    expect(keeper(10, new Uint8Array(32).fill(1)).use(nonce, '00000001', 5_000)).toBe('forged');
    expect(keeper().use(`f${nonce.slice(1)}`, '00000001', 5_000)).toBe('forged');
    expect(keeper().use('', '00000001', 5_000)).toBe('forged');
    expect(keeper().use(nonce, '00000001', 5_000)).toBe('fresh');
  });

  it('that had to be forgotten cannot be replayed', () => {
    const nonces = keeper(2);
    const all = [5_000, 5_001, 5_002].map((madeMs) => nonces.make(madeMs));
    for (const nonce of all) nonces.use(nonce, '00000001', 5_010);
    expect(nonces.use(all[0]!, '00000001', 5_020)).toBe('stale');
    expect(nonces.use(all[2]!, '00000001', 5_020)).toBe('replayed');
  });
});
