/** Whether a device must prove who it is (PRX-04, PRX-05). Pure. */

export interface DeviceAuthOptions {
  option(name: string, dn: string): string;
}

export type DeviceAuth =
  | { readonly kind: 'open' }
  | { readonly kind: 'challenge'; readonly password: string }
  /** Strict authentication and a password that proves nothing. */
  | { readonly kind: 'refuse'; readonly message: string };

export function deviceAuth(dn: string, method: 'register' | 'invite', options: DeviceAuthOptions): DeviceAuth {
  const password = options.option('password', dn);
  if (options.option('sip-enable-strict-auth', dn) === 'true' && (password === '' || password === dn)) {
    return { kind: 'refuse', message: `sip-enable-strict-auth: give ${dn} a password that is not empty and not its number` };
  }
  const asked = options.option('authenticate-requests', dn).split(',').includes(method);
  return password === '' || !asked ? { kind: 'open' } : { kind: 'challenge', password };
}
