import { ConfigError } from './errors.js';
import { parseConfig } from './load.js';
import type { ClusterConfig } from './model.js';
import { portAddresses, processName } from './pairs.js';
import { redactedConfig } from './redact.js';

const file = (applications: string) => `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  P1: { type: sip-proxy, host: 127.0.21.1, ports: { sip: 5060 } }
  N1: { type: sip-server, host: 127.0.21.11, server-id: 7, geo-location: dc2, ports: { sip: 5060, TCport: 7001 }, options: { wrap-up-time: 9 } }
  VQ: { type: vq-server, host: 127.0.21.31, ports: { default: 7010 } }
${applications}`;

const read = (applications: string): ClusterConfig => parseConfig(file(applications), 'pairs.yaml').config;

function problemsOf(applications: string): string {
  try {
    read(applications);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('backup-of', () => {
  it('makes an application the other half of a node, which stays one node', () => {
    const config = read('  N1b: { backup-of: N1, host: 127.0.21.12, ports: { TCport: 7101 } }\n  VQb: { backup-of: VQ, type: vq-server, host: 127.0.21.32 }');
    expect(config.applications.map(({ name }) => name)).toEqual(['P1', 'N1', 'VQ']);
    expect(config.backups.map(({ name }) => name)).toEqual(['N1', 'VQ']);
    const first = config.applications[1]!;
    const second = config.backups[0]!;
    expect([processName(first), processName(second), processName(config.applications[0]!)]).toEqual(['N1', 'N1b', 'P1']);
    expect(second).toMatchObject({ type: 'sip-server', serverId: 7, geoLocation: 'dc2', host: '127.0.21.12' });
    expect(second.options.get('wrap-up-time')).toBe('9');
    expect([...second.ports]).toEqual([['sip', 5060], ['TCport', 7101]]);
    expect([first.pair?.isBackup, first.pair?.other.process, second.pair?.isBackup, second.pair?.other.process]).toEqual([false, 'N1b', true, 'N1']);
    expect(second.pair?.other).toEqual(first.pair?.own);
  });

  it('has an address of both halves for every port', () => {
    const config = read('  N1b: { backup-of: N1, host: 127.0.21.12, ports: { TCport: 7101 } }');
    expect(portAddresses(config.applications[1]!, 'TCport')).toEqual([{ host: '127.0.21.11', port: 7001 }, { host: '127.0.21.12', port: 7101 }]);
    expect(portAddresses(config.backups[0]!, 'sip')[0]).toEqual({ host: '127.0.21.12', port: 5060 });
    expect(portAddresses(config.applications[2]!, 'default')).toEqual([{ host: '127.0.21.31', port: 7010 }]);
    expect(portAddresses(config.applications[1]!, 'IPport')).toEqual([]);
  });

  it('is shown by the name of its process', () => {
    const shown = redactedConfig(read('  N1b: { backup-of: N1, host: 127.0.21.12 }')) as { applications: object[] };
    expect(shown.applications[3]).toMatchObject({ name: 'N1b', backupOf: 'N1', host: '127.0.21.12' });
  });

  it.each([
    ['an unknown name', '  N1b: { backup-of: N9, host: 127.0.21.12 }', /applications\.N1b\.backup-of: there is no application N9; there are: P1, N1, VQ/],
    ['itself', '  N1b: { backup-of: N1b, host: 127.0.21.12 }', /cannot be the backup of itself/],
    ['another type', '  N1b: { backup-of: N1, type: vq-server, host: 127.0.21.12 }', /N1 is a sip-server, this one a vq-server; leave the type out here/],
    ['a type without pairs', '  P1b: { backup-of: P1, host: 127.0.21.2 }', /P1 is a sip-proxy; only a sip-server or a vq-server can have a backup/],
    ['a chain', '  N1b: { backup-of: N1, host: 127.0.21.12 }\n  N1c: { backup-of: N1b, host: 127.0.21.13 }', /N1c\.backup-of: N1b is itself the backup of N1; a pair has two halves/],
    ['a third half', '  N1b: { backup-of: N1, host: 127.0.21.12 }\n  N1c: { backup-of: N1, host: 127.0.21.13 }', /N1 already has the backup N1b/],
    ['the same address', '  N1b: { backup-of: N1, host: 127.0.21.11 }', /applications\.N1b.*: 127\.0\.21\.11:5060 is already taken by N1 sip/],
    ['what the first half says', '  N1b: { backup-of: N1, host: 127.0.21.12, server-id: 8 }', /N1b\.server-id: is that of N1 for both halves of the pair; remove it here/],
    ['options of its own', '  N1b: { backup-of: N1, host: 127.0.21.12, options: { wrap-up-time: 3 } }', /N1b\.options: is that of N1/],
    ['a port that the first half has not', '  N1b: { backup-of: N1, host: 127.0.21.12, ports: { IPport: 7002 } }', /N1b\.ports\.IPport: N1 opens no such port; add it there/],
    ['neither type nor backup-of', '  N1b: { host: 127.0.21.12 }', /N1b: must be one of: sip-proxy, sip-server|N1b\.type: must be one of: sip-proxy, sip-server/],
  ])('%s is refused with what to change', (_name, applications, expected) => {
    expect(problemsOf(applications)).toMatch(expected);
  });
});
