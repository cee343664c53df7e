import type { Entropy } from '#kernel';
import fc from 'fast-check';
import { quote } from '../headers/params.js';
import { type DigestAlgorithm, digestResponse, makeChallenge, parseAuthorization, parseDigestParameters, verifyDigest } from './digest.js';
import { NonceKeeper } from './nonce-keeper.js';

const RUNS = { seed: 42, numRuns: 500 };
const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 12 });
const algorithm = fc.constantFrom<DigestAlgorithm>('MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess');
const hex8 = fc.nat(0xffff_ffff).map((count) => count.toString(16).padStart(8, '0'));

it('a challenge is read back, whatever the realm and nonce are', () => {
  fc.assert(fc.property(text, text, algorithm, fc.boolean(), (realm, nonce, name, stale) => {
    const read = parseDigestParameters(makeChallenge({ realm, nonce, algorithm: name, stale }));
    expect([read?.get('realm'), read?.get('nonce'), read?.get('algorithm'), read?.get('stale')]).toEqual([realm, nonce, name, stale ? 'true' : undefined]);
  }), RUNS);
});

it('credentials verify with their password, method and values, and with nothing else', () => {
  fc.assert(fc.property(text, text, text, algorithm, hex8, text, text, (username, realm, nonce, name, nc, cnonce, password) => {
    const given = { username, realm, nonce, uri: 'sip:h', algorithm: name, qop: 'auth', nc, cnonce };
    const response = digestResponse(given, 'REGISTER', password);
    const header = `Digest username=${quote(username)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri="sip:h", response="${response}", algorithm=${name}, `
      + `cnonce=${quote(cnonce)}, qop=auth, nc=${nc}`;
    const read = parseAuthorization(header);
    if (read === undefined) throw new Error(header);
    expect(read).toMatchObject(given);
    expect(verifyDigest(read, 'REGISTER', password)).toBe(true);
    expect(verifyDigest(read, 'INVITE', password)).toBe(false);
    expect(verifyDigest(read, 'REGISTER', `${password}x`)).toBe(false);
    for (const changed of [{ nc: nc === '00000001' ? '00000002' : '00000001' }, { nonce: `${nonce}x` }, { cnonce: `${cnonce}x` }, { uri: 'sip:i' }]) {
      expect(verifyDigest({ ...read, ...changed }, 'REGISTER', password)).toBe(false);
    }
  }), RUNS);
});

it('no nonce serves twice with the same counter, however many there are and whatever was forgotten', () => {
  const use = fc.record({ nonce: fc.nat(5), nc: fc.integer({ min: 1, max: 4 }), laterMs: fc.nat(40) });
  fc.assert(fc.property(fc.array(use, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (uses, usedMax) => {
    let drawn = 0;
    const entropy = { hex: (count: number) => (drawn += 1).toString(16).padStart(count, '0') } as Entropy;
    const keeper = new NonceKeeper({ secret: new Uint8Array(32), lifetimeMs: 1_000, usedMax }, entropy);
    let nowMs = 10_000;
    const nonces = Array.from({ length: 6 }, (_, at) => keeper.make(nowMs + at));
    const fresh = new Map<number, number>();
    for (const { nonce, nc, laterMs } of uses) {
      nowMs += laterMs;
      const verdict = keeper.use(nonces[nonce] as string, nc.toString(16).padStart(8, '0'), nowMs);
      expect(verdict).not.toBe('forged');
      if (verdict !== 'fresh') continue;
      expect(nc).toBeGreaterThan(fresh.get(nonce) ?? 0);
      expect(nowMs).toBeLessThanOrEqual(11_005);
      fresh.set(nonce, nc);
    }
  }), RUNS);
});

it('no header throws', () => {
  const piece = fc.oneof(fc.constantFrom('Digest ', 'username=', '"', '\\', ',', '=', 'nc=00000001', 'algorithm=MD5', ' '), fc.string({ unit: 'binary-ascii', maxLength: 4 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')), (value) => {
    expect(['object', 'undefined']).toContain(typeof parseAuthorization(`Digest ${value}`));
    expect(['object', 'undefined']).toContain(typeof parseDigestParameters(value));
  }), { ...RUNS, numRuns: 2_000 });
});
