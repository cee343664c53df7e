import type { Bus } from '#cluster';
import { VirtualClock } from '#simulation';
import type { LoginNotice } from '#telephony';
import { AgentLogins } from './agent-logins.js';
import type { OwnedDn } from './owned-dn.js';

/** A node that owns one DN, where `a1` logged in; what it says goes into `said`. */
function nodeOf(serverId: number, dn: string, clock: VirtualClock, said: LoginNotice[]) {
  const state = { loginEpoch: 0, isIn: true };
  const owned = {
    get loginEpoch() { return state.loginEpoch; },
    feed: () => {
      state.isIn = false;
      logins.moved(dn, 'a1', undefined);
    },
  } as unknown as OwnedDn;
  const bus = { publish: (_subject: string, notice: LoginNotice) => void said.push(notice) } as unknown as Bus;
  const logins: AgentLogins = new AgentLogins(serverId, { bus, clock }, { owned: (asked) => (asked === dn ? owned : undefined), repeat: () => {} });
  return {
    logins,
    login: () => {
      state.loginEpoch = logins.nextEpoch();
      logins.moved(dn, undefined, 'a1');
      logins.loggedIn(dn, 'a1', state.loginEpoch);
    },
    get isIn() { return state.isIn; },
  };
}

it('of two logins of an agent in one millisecond at two nodes one stays, and both nodes soon say nothing more', () => {
  const clock = new VirtualClock();
  const said: LoginNotice[] = [];
  const nodes = [nodeOf(1, '7001', clock, said), nodeOf(2, '7002', clock, said)] as const;
  for (const node of nodes) node.login();
  let heard = 0;
  for (let notice = said.shift(); notice !== undefined && heard < 20; notice = said.shift()) {
    heard += 1;
    const from = notice.dn === '7001' ? 0 : 1;
    nodes[1 - from]!.logins.heard(notice);
  }
  expect(heard).toBeLessThan(20);
  expect(nodes.map(({ isIn }) => isIn)).toEqual([false, true]);
});
