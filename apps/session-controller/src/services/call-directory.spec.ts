import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import type { CallSnapshot, CallView } from '#telephony';
import { CallDirectory } from './call-directory.js';

it('a call that breaks is gone from its DNs before their owners are given the picture', () => {
  const told: string[] = [];
  const clock = new VirtualClock();
  const directory: CallDirectory = new CallDirectory({
    clock, log: silentLog, meter: new CountingMeter(),
    nextIdentity: () => ({ connID: '0010000000000001', callUUID: 'u', callID: 1, startedAtMs: clock.nowMs() }),
    makeMachine: () => ({
      on: () => { throw new Error('a bug'); }, viewOf: () => ({ connID: '0010000000000001' }) as CallView, summary: () => { throw new Error('unused'); },
      dns: () => [], picture: () => [], state: {} as CallSnapshot,
    }),
    perform: () => {}, settled: () => {}, changed: () => void told.push('changed'), abandon: () => void told.push('legs'),
    unsaid: (dn) => void told.push(`picture of ${dn}: ${directory.viewsOf(dn).length} calls`),
    dnActive: (dn, active) => void told.push(`${dn} ${active ? 'active' : 'idle'}`),
  }, { callsMax: 10, retainMs: 0, idleMs: 0 });
  const call = directory.open();
  directory.noteDn(call, '7001');
  directory.feed(call, { kind: 'clear', reason: 'test', nowMs: clock.nowMs() });
  expect(told).toEqual(['7001 active', 'legs', 'picture of 7001: 0 calls', '7001 idle', 'changed']);
  expect(directory.live).toBe(0);
});
