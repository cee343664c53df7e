import { ServerCheck, type ServerState } from './server-check.js';
import { Server, ServerPool } from './server-pool.js';

function server(name: string, serverId: number, isLocal = true, state: ServerState = 'in-service'): Server {
  const check = new ServerCheck({ oosCheckMs: 5_000, oosForceMs: 5_000, oosErrorCheck: true });
  check.state = state;
  return new Server({ name, serverId, dataCentre: isLocal ? 'dc1' : 'dc2', host: '192.0.2.1', port: 5070 + serverId }, check, isLocal);
}

describe('the choice of a server', () => {
  let pool: ServerPool;
  let a: Server;
  let b: Server;
  let far: Server;

  beforeEach(() => {
    pool = new ServerPool();
    [a, b, far] = [server('a', 1), server('b', 2), server('far', 3, false)];
    for (const each of [a, b, far]) pool.add(each);
  });

  const picks = (count: number): string[] =>
    Array.from({ length: count }, () => pool.forCall()[0]?.address.name ?? 'none');

  const names = (servers: readonly Server[]): string[] => servers.map(({ address }) => address.name);

  it('spreads calls evenly over the servers of this data centre (PRX-01, PRX-07)', () => {
    expect(picks(6)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('keeps calls of one DN together as long as that server takes calls', () => {
    expect(names(pool.forCall('b'))).toEqual(['b', 'a', 'far']);
    expect(pool.forCall('far')[0]).toBe(far);
    b.heartbeat = { role: 'primary', draining: true };
    expect(names(pool.forCall('b'))).toEqual(['a', 'far']);
    expect(pool.forCall('gone')[0]).toBe(a);
  });

  it.each<[string, (server: Server) => void]>([
    ['is out of service', ({ check }) => void (check.state = 'out-of-service')],
    ['drains by its OPTIONS', ({ check }) => void (check.state = 'draining')],
    ['drains by its heartbeats', (it) => void (it.heartbeat = { role: 'primary', draining: true })],
    ['is the backup of its pair (PRX-11)', (it) => void (it.heartbeat = { role: 'backup', draining: false })],
    ['was never heard', ({ check }) => void (check.state = 'unknown')],
  ])('gives no call to a server that %s', (_what, change) => {
    change(a);
    expect(picks(3)).toEqual(['b', 'b', 'b']);
  });

  it('trusts heartbeats until the first answer to OPTIONS', () => {
    a.check.state = 'unknown';
    a.heartbeat = { role: 'primary', draining: false };
    expect(picks(2)).toEqual(['a', 'b']);
  });

  it('goes to another data centre last (PRX-08), and to servers in doubt only when no other is left', () => {
    b.check.doubted = true;
    expect(names(pool.forCall())).toEqual(['a', 'b', 'far']);
    expect(picks(2)).toEqual(['a', 'a']);
  });

  it('goes to a server that may be dead after all others, and still before nowhere', () => {
    a.check.cut = a.check.doubted = true;
    b.check.doubted = true;
    expect(names(pool.forCall())).toEqual(['b', 'far', 'a']);
    expect(names(pool.forCall('a'))).toEqual(['b', 'far', 'a']);
    expect(names(pool.forAor('7001'))).toEqual(['b', 'far', 'a']);
    far.check.cut = b.check.cut = true;
    expect(names(pool.forCall()).at(-1)).toBe('far');
  });

  it('tells those who wait for a server when the half that serves is gone, and no other', () => {
    const heard: string[] = [];
    const stop = a.watch({ turned: () => void heard.push('turned'), lost: () => void heard.push('lost') });
    a.watch({ turned: () => void heard.push('the other one') });
    a.lost(a.present);
    b.lost(b.present);
    a.lost({ ...a.present });
    stop();
    a.lost(a.present);
    expect(heard).toEqual(['lost']);
  });

  it('sends an AOR to one server while it lives, and to another one of its data centre after that', () => {
    const order = pool.forAor('7001');
    expect(pool.forAor('7001')).toEqual(order);
    expect(order).toHaveLength(3);
    expect(order[2]).toBe(far);
    (order[0] as Server).check.state = 'out-of-service';
    expect(pool.forAor('7001')).toEqual(order.slice(1));
  });

  it('spreads AORs over the servers', () => {
    const onA = Array.from({ length: 1_000 }, (_, i) => pool.forAor(String(7_000 + i))[0]).filter((each) => each === a);
    expect(onA.length).toBeGreaterThan(400);
    expect(onA.length).toBeLessThan(600);
  });

  it('finds a server by the number in its Contact, and forgets a removed one', () => {
    expect(pool.byServerId(2)).toBe(b);
    expect(pool.remove('b')).toBe(b);
    expect(pool.byServerId(2)).toBeUndefined();
    expect(picks(2)).toEqual(['a', 'a']);
  });
});
