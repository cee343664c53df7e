import { HealthRegistry } from './health.js';

describe('HealthRegistry', () => {
  it('is well when every check is', () => {
    const health = new HealthRegistry();
    expect(health.report()).toEqual({ ok: true, checks: {} });
    health.register('bus', () => true);
    expect(health.report()).toEqual({ ok: true, checks: { bus: true } });
  });

  it('says what is wrong, also when a check throws', () => {
    const health = new HealthRegistry();
    health.register('bus', () => 'no server answers');
    health.register('sip', () => { throw new Error('port 5060 is taken'); });
    expect(health.report()).toEqual({ ok: false, checks: { bus: 'no server answers', sip: 'port 5060 is taken' } });
  });

  it('forgets a check that was taken out, but not the one that replaced it', () => {
    const health = new HealthRegistry();
    const removeFirst = health.register('bus', () => 'first');
    health.register('bus', () => true);
    removeFirst();
    expect(health.report()).toEqual({ ok: true, checks: { bus: true } });
  });
});
