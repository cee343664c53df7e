import type { ClusterConfig, DnConfig, DnType } from '#config';
import type { CallOrigin } from '#telephony';
import { DialPlan } from './dial-plan.js';

function dn(number: string, type: DnType, options: Record<string, string> = {}): [string, DnConfig] {
  return [number, { number, type, options: new Map(Object.entries(options)) }];
}

const config = {
  accessPoint: 'sip.cordboard.test',
  dns: new Map([
    dn('7001', 'Extension', { contact: '*' }),
    dn('7101', 'Extension', { contact: 'sip:7101@127.0.0.1:5090' }),
    dn('5000', 'RoutingPoint'),
    dn('VQ_Support', 'VirtualQueue'),
    dn('T_plus', 'Trunk', { contact: 'sip:10.0.0.1:5060;transport=tcp', prefix: '+,0', priority: '2', 'geo-location': 'dc1' }),
    dn('T_cheap', 'Trunk', { contact: 'carrier.example', prefix: '+', priority: '1', 'geo-location': 'dc2' }),
    dn('T_uk', 'Trunk', { contact: 'sip:uk.example', prefix: '+44' }),
  ]),
} as unknown as ClusterConfig;

const inside: CallOrigin = { kind: 'internal', dn: '7001' };
const outside: CallOrigin = { kind: 'trunk', trunk: 'T_plus', number: '8880001' };

function plan(options: Record<string, string> = {}, down: string[] = []): DialPlan {
  return new DialPlan(config, {
    option: (name, number) => config.dns.get(number ?? '')?.options.get(name) ?? options[name] ?? '',
    trunkInService: (trunk) => !down.includes(trunk),
    geoLocation: 'dc1',
  });
}

describe('DialPlan', () => {
  it('finds DNs by their exact number', () => {
    expect(plan().resolve('7001', inside)).toEqual({ kind: 'device', dn: '7001', uri: 'sip:7001@sip.cordboard.test' });
    expect(plan().resolve('7101', inside)).toEqual({ kind: 'device', dn: '7101', uri: 'sip:7101@127.0.0.1:5090' });
    expect(plan().resolve('5000', outside)).toEqual({ kind: 'routingPoint', dn: '5000' });
  });

  it('cannot call what is no device', () => {
    expect(plan().resolve('VQ_Support', inside)).toMatchObject({ kind: 'nowhere', status: 404, code: 71 });
    expect(plan().resolve('T_uk', inside)).toMatchObject({ kind: 'nowhere', status: 404 });
  });

  it('takes the longest prefix whatever the priority', () => {
    expect(plan().resolve('+4420', inside)).toEqual(
      { kind: 'trunk', trunk: 'T_uk', number: '+4420', uri: 'sip:+4420@uk.example', alternatives: [] });
  });

  it('takes the lower priority first and keeps the others as alternatives', () => {
    expect(plan().resolve('+1555', inside)).toEqual({
      kind: 'trunk', trunk: 'T_cheap', number: '+1555', uri: 'sip:+1555@carrier.example',
      alternatives: [{ trunk: 'T_plus', uri: 'sip:+1555@10.0.0.1:5060;transport=tcp' }],
    });
  });

  it('leaves out trunks that are out of service, and says so when none is left', () => {
    expect(plan({}, ['T_cheap']).resolve('+1555', inside)).toMatchObject({ trunk: 'T_plus', alternatives: [] });
    expect(plan({}, ['T_uk']).resolve('+4420', inside)).toMatchObject({ kind: 'nowhere', status: 503, code: 452 });
  });

  it('prefers trunks of its own location', () => {
    const near = plan({ 'find-trunk-by-location': 'true' }).resolve('+1555', inside);
    expect(near).toMatchObject({ trunk: 'T_plus', alternatives: [{ trunk: 'T_cheap' }] });
  });

  it('escapes what a user part cannot hold', () => {
    expect(plan().resolve('0 1#', inside)).toMatchObject({ uri: 'sip:0%201%23@10.0.0.1:5060;transport=tcp' });
  });

  it('sends what it does not know to the default route point, or rejects it', () => {
    expect(plan({ 'default-route-point': 'reject=410' }).resolve('9', inside)).toMatchObject({ status: 410, code: 71 });
    expect(plan({ 'default-route-point': '5000' }).resolve('9', inside)).toEqual({ kind: 'routingPoint', dn: '5000' });
    expect(plan().resolve('9', inside)).toMatchObject({ status: 404 });
  });

  it('asks the default route point before the dial plan when the order says so', () => {
    const before = plan({ 'default-route-point': '5000', 'default-route-point-order': 'before-dial-plan' });
    expect(before.resolve('+1555', inside)).toEqual({ kind: 'routingPoint', dn: '5000' });
    expect(before.resolve('7001', inside)).toMatchObject({ kind: 'device' });
  });

  it('lets no call in by a trunk and out by a trunk on its own, but lets a Routing Point send it out', () => {
    expect(plan().resolve('+1555', outside)).toMatchObject({ kind: 'nowhere', status: 404 });
    expect(plan().resolve('+1555', { kind: 'internal', dn: '5000' })).toMatchObject({ kind: 'trunk' });
    expect(plan().resolve('7001', outside)).toMatchObject({ kind: 'device' });
  });
});
