import { readFileSync } from 'node:fs';
import { ConfigError } from './errors.js';
import { parseConfig } from './load.js';
import { OptionLookup } from './lookup.js';
import { redactedConfig } from './redact.js';

const LAPTOP = readFileSync(new URL('../../../config/laptop.yaml', import.meta.url), 'utf8');

const lineOf = (source: string, text: string) => source.slice(0, source.indexOf(text)).split('\n').length;

function problemsOf(source: string): string {
  try {
    parseConfig(source, 'switch.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('the laptop configuration', () => {
  const { config, warnings } = parseConfig(LAPTOP, 'laptop.yaml');

  it('has the DNs, persons and ports that the outside relies on', () => {
    expect(warnings).toEqual([]);
    expect(config.dns.get('7001')?.options.get('password')).toBe('secret-7001');
    expect(config.dns.get('7050')?.type).toBe('Extension');
    expect(config.dns.get('7110')?.options.get('contact')).toBe('sip:7110@127.0.0.1:5090');
    expect([...config.dns.values()].filter((dn) => dn.type === 'RoutingPoint').map((dn) => dn.number))
      .toEqual(['5000', '5001', '5002', '5003', '5004', '5005', '5006', '5007', '5008', '5009']);
    expect(config.persons.get('agent7050')?.skills.get('support')).toBe(1);
    const ports = Object.fromEntries(config.applications.flatMap((application) => [...application.ports]));
    expect(ports).toMatchObject({ TCport: 7001, IPport: 7002, SmartProxy: 7003, http: 8080, dns: 5300 });
  });

  it('is looked up DN over application over cluster over default', () => {
    const server = config.applications.find((application) => application.type === 'sip-server')!;
    const options = new OptionLookup(config, server);
    expect(options.number('router-timeout')).toBe(10);
    expect(options.text('sip-cti-control', '7001')).toBe('talk,hold');
    expect(options.text('sip-cti-control', '7101')).toBe('');
    expect(options.flag('divert-on-ringing')).toBe(false);
    expect(() => options.text('no-such-option')).toThrow('no-such-option');
  });

  it('shows no secret', () => {
    expect(JSON.stringify(redactedConfig(config))).not.toContain('secret-');
  });

  it('binds another address when told to', () => {
    const moved = parseConfig(LAPTOP, 'laptop.yaml', '127.0.0.9').config;
    expect(new Set(moved.applications.map((application) => application.host))).toEqual(new Set(['127.0.0.9']));
  });
});

describe('a wrong configuration', () => {
  const cases: [string, (source: string) => string, RegExp[]][] = [
    ['a value out of range', (s) => s.replace('oos-check: 5', 'oos-check: minus'), [/applications\.SIPP_dc1_1\.options\.oos-check: "minus" is not allowed; must be an integer from 0 to 3600/]],
    ['an unknown option', (s) => s.replace('router-timeout: 10', 'router-timout: 10'), [/switch\.options\.router-timout: unknown option; did you mean router-timeout\?/]],
    ['a choice', (s) => s.replace('emulated-login-state: not_ready', 'emulated-login-state: busy'), [/must be one of: ready, not_ready/]],
    ['an option at the wrong level', (s) => s.replace('{ sip: 5060 }\n    options: { oos-check: 5', '{ sip: 5060 }\n    options: { wrap-up-time: 5'), [/wrap-up-time: is not an option of sip-proxy; it may stand at: cluster, sip-server/]],
    ['an unknown port', (s) => s.replace('SmartProxy: 7003', 'SmartPorxy: 7003'), [/has no such port; it may open: sip, default, TCport/]],
    ['a port taken twice', (s) => s.replace('default: 7010', 'default: 7001'), [/127\.0\.0\.1:7001 is already taken by SIPS_dc1_1 TCport/]],
    ['a DN defined twice', (s) => s.replace('7101-7110', '7050-7110'), [/DN 7050 is already defined above/]],
    ['an unknown key', (s) => s.replace('bus:\n  driver', 'bus:\n  drivr'), [/bus\.drivr: is not known here/]],
    ['a nats bus without servers', (s) => s.replace('driver: memory', 'driver: nats'), [/the nats driver needs at least one server/]],
    ['broken YAML', () => 'switch: [', [/switch\.yaml:\d+:\d+/]],
  ];
  it.each(cases)('%s is refused with file, line, option and what is allowed', (_name, spoil, expected) => {
    const message = problemsOf(spoil(LAPTOP));
    for (const pattern of expected) expect(message).toMatch(pattern);
    expect(message).toMatch(/^switch\.yaml:\d+:\d+: /);
  });

  it('names the line', () => {
    const source = LAPTOP.replace('wrap-up-time: 0', 'wrap-up-time: never');
    expect(problemsOf(source)).toContain(`switch.yaml:${lineOf(source, 'wrap-up-time: never')}:`);
  });

  it('never repeats a secret', () => {
    const source = LAPTOP.replace('"secret-${number}"', `"${'x'.repeat(201)}"`);
    expect(problemsOf(source)).not.toContain('xxx');
  });
});

describe('keys of the API', () => {
  const SHA = 'A1'.repeat(32);
  const consoleWith = (keys: string, type = 'console') => `
switch: { name: Test, access-point: sip.example.com, external-contact: phones.example.com }
applications:
  Console: { type: ${type}, api-keys: [${keys}] }
`;

  it('are read, and not shown', () => {
    const { config } = parseConfig(consoleWith(`{ name: ann, sha256: ${SHA}, role: admin }, { name: wall, sha256: ${'b2'.repeat(32)}, role: viewer, divisions: [sales] }`), 'a.yaml');
    expect(config.applications[0]?.apiKeys).toEqual([
      { name: 'ann', sha256: SHA.toLowerCase(), role: 'admin' }, { name: 'wall', sha256: 'b2'.repeat(32), role: 'viewer', divisions: ['sales'] },
    ]);
    expect(JSON.stringify(redactedConfig(config))).not.toContain('a1a1');
  });

  it.each([
    ['a key instead of its hash', consoleWith('{ name: ann, sha256: my-secret-key, role: admin }'), /api-keys\.0\.sha256: must be the SHA-256 of the key/],
    ['a role that there is not', consoleWith(`{ name: ann, sha256: ${SHA}, role: boss }`), /api-keys\.0\.role/],
    ['one name twice', consoleWith(`{ name: a, sha256: ${SHA}, role: viewer }, { name: a, sha256: ${'c3'.repeat(32)}, role: viewer }`), /api-keys\.1\.name: a stands twice/],
    ['one key twice', consoleWith(`{ name: a, sha256: ${SHA}, role: viewer }, { name: b, sha256: ${SHA}, role: viewer }`), /api-keys\.1\.sha256: is the key of somebody else/],
    ['another application', consoleWith(`{ name: a, sha256: ${SHA}, role: viewer }`, 'router'), /only a console has an API/],
  ])('are refused: %s', (_name, source, message) => {
    expect(problemsOf(source)).toMatch(message);
    expect(problemsOf(source)).not.toContain('my-secret-key');
  });
});
