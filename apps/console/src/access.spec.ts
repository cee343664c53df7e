import { createHash } from 'node:crypto';
import type { ApiKey } from '#config';
import { checkAccess } from './access.js';

const keyOf = (name: string, given: Partial<ApiKey> = {}): ApiKey =>
  ({ name, sha256: createHash('sha256').update(`key of ${name}`).digest('hex'), role: 'admin', ...given });
const RULES = { apiKey: 'key', apiKeys: [keyOf('ann'), keyOf('wall', { role: 'viewer' }), keyOf('bob', { divisions: ['sales'] })] };

const ask = (path: string, key?: string, method = 'GET') =>
  checkAccess({ path, method, headers: { authorization: key === undefined ? undefined : `Bearer ${key}` } }, RULES);

describe('access', () => {
  it('wants a key for the API only, and compares it whole', () => {
    expect(ask('/healthz')).toEqual({ name: 'local', role: 'admin' });
    expect(ask('/api/v1/instances')).toMatchObject({ status: 401 });
    expect(ask('/api/v1/instances', 'kex')).toMatchObject({ status: 401 });
    expect(ask('/api/v1/instances', 'key')).toEqual({ name: 'api-key', role: 'admin' });
    expect(ask('/api/v1/instances', 'key of ann')).toMatchObject({ name: 'ann', role: 'admin' });
    expect(ask('/api/v1/instances', RULES.apiKeys[0]!.sha256)).toMatchObject({ status: 401 });
  });

  it.each(['/API/v1/instances', '/Api/v1/limits/mode', '//api/v1/instances', '/'])('is not deceived by %s', (path) => {
    expect(ask(path)).toMatchObject({ status: 401 });
  });

  it('asks nobody where there is no key', () => {
    expect(checkAccess({ path: '/api/v1/limits/mode', headers: {} }, { apiKey: '', apiKeys: [] })).toEqual({ name: 'local', role: 'admin' });
  });

  it('lets a viewer read', () => {
    expect(ask('/api/v1/limits/rules', 'key of wall')).toMatchObject({ name: 'wall' });
    expect(ask('/api/v1/limits/rules', 'key of wall', 'POST')).toMatchObject({ status: 403, message: 'wall may read only; ask with the key of an admin' });
    expect(ask('/api/v1/commands/calls clear', 'key of wall', 'POST')).toMatchObject({ status: 403 });
  });

  it('lets who has divisions see the call limits alone', () => {
    expect(ask('/api/v1/limits/rules', 'key of bob', 'PUT')).toMatchObject({ name: 'bob' });
    expect(ask('/api/v1/history/calls', 'key of bob')).toMatchObject({ status: 403 });
    expect(ask('/api/v1/limits-of-others', 'key of bob')).toMatchObject({ status: 403 });
  });
});
