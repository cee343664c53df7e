import { deviceAuth } from './device-auth.js';

const options = (values: Record<string, string>) => ({
  option: (name: string) => ({ 'authenticate-requests': 'register,invite', 'sip-enable-strict-auth': 'false', password: '', ...values })[name] ?? '',
});

describe('deviceAuth', () => {
  it('challenges a device with a password', () => {
    expect(deviceAuth('7001', 'register', options({ password: 's' }))).toEqual({ kind: 'challenge', password: 's' });
  });

  it('lets in a device without one, unless authentication is strict', () => {
    expect(deviceAuth('7001', 'invite', options({}))).toEqual({ kind: 'open' });
    expect(deviceAuth('7001', 'invite', options({ 'sip-enable-strict-auth': 'true' }))).toMatchObject({ kind: 'refuse' });
  });

  it('takes the number as a password only when authentication is not strict (PRX-05)', () => {
    expect(deviceAuth('1001', 'register', options({ password: '1001' }))).toMatchObject({ kind: 'challenge' });
    expect(deviceAuth('1001', 'register', options({ password: '1001', 'sip-enable-strict-auth': 'true' })))
      .toMatchObject({ kind: 'refuse' });
  });

  it('asks only for the requests that authenticate-requests lists', () => {
    const values = options({ password: 's', 'authenticate-requests': 'register' });
    expect(deviceAuth('7001', 'register', values).kind).toBe('challenge');
    expect(deviceAuth('7001', 'invite', values).kind).toBe('open');
  });
});
