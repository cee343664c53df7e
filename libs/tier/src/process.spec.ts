import { parseConfig } from '#config';
import { dataCentreOf } from './process.js';

const config = (bus: string, second = 'dc2') => parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
bus: ${bus}
applications:
  P1: { type: sip-proxy, geo-location: dc1, host: 127.0.0.1, ports: { sip: 5060 } }
  P2: { type: sip-proxy, geo-location: ${second}, host: 127.0.0.2, ports: { sip: 5060 } }
`, 'switch.yaml').config;
const OWN = '{ driver: nats, data-centres: { dc1: { servers: ["nats://192.0.2.1:4222"] }, dc2: { servers: ["nats://192.0.2.2:4222"] } } }';
const SHARED = '{ driver: nats, servers: ["nats://192.0.2.1:4222"] }';

describe('the data centre of a process', () => {
  it('is that of its application', () => {
    expect(dataCentreOf(config(OWN), 'P2')).toBe('dc2');
  });

  it('is the only one there is, or does not matter where all share their servers', () => {
    expect(dataCentreOf(config(OWN, 'dc1'), undefined)).toBe('dc1');
    expect(dataCentreOf(config(SHARED), undefined)).toBe('dc1');
  });

  it('must be said where each has its own servers', () => {
    expect(() => dataCentreOf(config(OWN), undefined)).toThrow('switch.yaml has the data centres dc1, dc2, and a process belongs to one of them: name its application by --app');
    expect(() => dataCentreOf(config(OWN), 'P3')).toThrow('it has: P1, P2');
  });
});
