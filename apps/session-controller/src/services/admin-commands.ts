/** What operators may ask of this node. */
import type { Clock } from '#kernel';
import type { AdminCommands } from '#tier';
import type { LegLayer } from '../legs/leg-layer.js';
import type { CallDirectory } from './call-directory.js';
import type { CallRecord } from './call-record.js';
import type { TrunkService } from './trunk-service.js';

export interface AdminCommandPorts {
  readonly clock: Clock;
  readonly directory: CallDirectory;
  readonly trunks: TrunkService;
  readonly legs: LegLayer;
}

export function adminCommands({ clock, directory, trunks, legs }: AdminCommandPorts): AdminCommands {
  const find = (args: Readonly<Record<string, unknown>>): CallRecord => {
    const call = directory.find(String(args.connID ?? ''));
    if (call === undefined) throw new Error(`no call ${String(args.connID ?? '')} on this node: list them with "calls list"`);
    return call;
  };
  return {
    'calls list': () => ({ calls: directory.summaries() }),
    'calls show': (args) => {
      const call = find(args);
      return { call: call.machine.summary(), ended: call.ended, legs: legs.describe(call) };
    },
    'calls clear': (args) => {
      const call = find(args);
      directory.feed(call, { kind: 'clear', reason: 'cleared by an operator', nowMs: clock.nowMs() });
      return { cleared: call.identity.connID };
    },
    'trunks list': () => ({ trunks: trunks.list() }),
  };
}
