import type { Call } from './call.js';
import { ALICE, BOB, FakeRegistrar, makeWire } from './phones.fixture.js';
import type { PhoneOptions } from './phone.js';

async function pair(bobOptions: Partial<PhoneOptions> = {}) {
  const wire = await makeWire();
  const [alice, bob] = [wire.alice.add(ALICE), wire.bob.add({ ...BOB, ...bobOptions })];
  const heard: string[] = [];
  alice.events.onCall = (call) => heard.push(`alice ${call.state}`);
  bob.events.onCall = (call) => heard.push(`bob ${call.state}`);
  return { ...wire, alice, bob, heard, phones: wire };
}

const only = (calls: ReadonlySet<Call>): Call => [...calls][0] as Call;

describe('a call between two phones', () => {
  it('rings, is answered, held, retrieved, and ends; nothing is left', async () => {
    const { world, alice, bob, heard, phones } = await pair();
    const call = alice.call('bob');
    await world.advance(100);
    expect(heard).toEqual(['alice Calling', 'bob Ringing', 'alice Proceeding']);
    only(bob.calls).answer();
    await world.advance(100);
    expect([call.state, only(bob.calls).state]).toEqual(['Established', 'Established']);
    call.hold();
    await world.advance(100);
    expect(call.onHold).toBe(true);
    call.retrieve();
    await world.advance(100);
    expect(call.onHold).toBe(false);
    call.hangUp();
    await world.advance(60_000);
    expect(heard.slice(-2)).toEqual(['alice Ended', 'bob Ended']);
    expect([phones.alice.size, phones.bob.size]).toEqual([{ calls: 0, transactions: 0 }, { calls: 0, transactions: 0 }]);
  });

  it.each([
    ['busy', { reject: { afterMs: 500, status: 486 } }, 486],
    ['answered after a while', { ringMs: 100, answerMs: 2_000 }, undefined],
    ['ignored for three minutes', {}, 480],
  ])('%s', async (_name, plan, status) => {
    const { world, alice } = await pair({ plan: () => plan });
    const call = alice.call('bob');
    await world.advance(200_000);
    expect(call.end?.status).toBe(status);
    expect(call.state).toBe(status === undefined ? 'Established' : 'Ended');
  });

  it('is given up while it rings', async () => {
    const { world, alice, bob } = await pair();
    const call = alice.call('bob');
    await world.advance(100);
    const called = only(bob.calls);
    call.hangUp();
    await world.advance(100);
    expect([call.end, called.end]).toEqual([{ by: 'us', status: 487 }, { by: 'them', status: 487 }]);
  });

  it('knows of a server that says no more than 100, and of one that says nothing', async () => {
    const { world, alice } = await pair({ plan: () => ({ ringMs: 5_000 }) });
    const [late, dead] = [alice.call('bob'), alice.call('sip:bob@10.0.0.77')];
    await world.advance(1_000);
    expect([late, dead].map(({ state, wasHeard }) => [state, wasHeard])).toEqual([['Calling', true], ['Calling', false]]);
  });

  it('goes nowhere when nobody is there, and to a busy phone beyond its calls', async () => {
    const { world, alice, bob } = await pair({ callsMax: 1 });
    const [nobody, first, second] = [alice.call('carol'), alice.call('bob'), alice.call('bob')];
    await world.advance(1_000);
    expect([nobody.end?.status, first.state, second.end?.status, bob.calls.size]).toEqual([404, 'Proceeding', 486, 1]);
    expect([second.refusal?.status, second.refusal?.reason, first.refusal]).toEqual([486, 'Busy Here', undefined]);
    await expect(second.until('Established')).rejects.toThrow('ended with 486');
  });

  it('both put the other on hold at once: one waits and tries again', async () => {
    const { world, alice, bob } = await pair({ plan: () => ({ answerMs: 0 }) });
    const call = alice.call('bob');
    await world.advance(100);
    call.hold();
    only(bob.calls).hold();
    await world.advance(10_000);
    call.retrieve();
    only(bob.calls).retrieve();
    await world.advance(10_000);
    expect([call.state, call.onHold, only(bob.calls).state, only(bob.calls).onHold]).toEqual(['Established', false, 'Established', false]);
  });
});

describe('registration', () => {
  async function registering(more: Partial<PhoneOptions> = {}) {
    const { world, alice } = await makeWire();
    const registrar = await FakeRegistrar.start(world);
    const phone = alice.add({ user: '7001', domain: '10.0.0.9', password: 'secret', expiresS: 60, ...more });
    return { world, registrar, phone };
  }

  it('answers the challenge, refreshes with the same nonce, learns a new one, and leaves', async () => {
    const { world, registrar, phone } = await registering();
    const done = phone.register();
    await world.advance(100);
    expect([await done, phone.registration]).toEqual([200, 'Registered']);
    await world.advance(30_000);
    registrar.newNonce();
    await world.advance(30_000);
    const left = phone.unregister();
    await world.advance(1_000);
    expect([await left, phone.registration]).toEqual([200, 'Unregistered']);
    expect(registrar.heard).toEqual([
      '60 plain 401', '60 nc=00000001 200', '60 nc=00000002 200', '60 nc=00000003 401', '60 nc=00000001 200', '0 nc=00000002 200',
    ]);
    await world.advance(600_000);
    expect(registrar.heard).toHaveLength(6);
  });

  it('refreshes after another share of the granted time when told so', async () => {
    const { world, registrar, phone } = await registering({ refreshShare: 0.25 });
    void phone.register();
    await world.advance(46_000);
    expect(registrar.heard).toHaveLength(2 + 3);
  });

  it('refreshes no more once it has gone elsewhere, and says nothing', async () => {
    const { world, registrar, phone } = await registering();
    const done = phone.register();
    await world.advance(100);
    await done;
    phone.stopRefreshing();
    await world.advance(600_000);
    expect(registrar.heard).toEqual(['60 plain 401', '60 nc=00000001 200']);
  });

  it('gives up on a wrong password', async () => {
    const { world, phone, registrar } = await registering();
    registrar.answer = () => ({ status: 403 });
    const done = phone.register();
    await world.advance(1_000);
    expect([await done, phone.registration]).toEqual([403, 'Refused']);
  });

  it('asks for as long as the registrar insists on', async () => {
    const { world, phone, registrar } = await registering();
    registrar.answer = (request) => (request.header('Expires') === '60' ? { status: 423, headers: [['Min-Expires', '300']] } : { status: 200 });
    const done = phone.register();
    await world.advance(1_000);
    expect(await done).toBe(200);
  });

  it('tries again while the registrar is overloaded', async () => {
    const { world, phone, registrar } = await registering();
    const { answer } = registrar;
    registrar.answer = () => ({ status: 503 });
    const done = phone.register();
    await world.advance(5_000);
    expect(phone.registration).toBe('Registering');
    registrar.answer = answer;
    await world.advance(10_000);
    expect([await done, phone.registration]).toEqual([200, 'Registered']);
  });

  it('leaves even while it arrives', async () => {
    const { world, phone, registrar } = await registering();
    void phone.register();
    void phone.unregister();
    await world.advance(1_000);
    expect(phone.registration).toBe('Unregistered');
    expect(registrar.heard.at(-1)).toMatch(/^0 /);
  });
});
