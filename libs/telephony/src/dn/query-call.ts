/** RequestQueryCall: answered by the session controller that made the ConnID (docs/specs/cluster-protocol.md). */
import { type Bus, type BusReply, subjects } from '#cluster';
import { TError, type TEvent, type TRequest } from '#tlib';
import type { RequestOrigin, ScCommand, ScReply, TErrorReply } from '../messages/index.js';

const ASK_MS = 5_000;

/** A sip-server of the configuration, by which ConnIDs are told apart. */
interface CallServer {
  readonly name: string;
  readonly type: string;
  readonly serverId: number;
}

/** The first three digits of a ConnID are the `server-id` of its node. */
export function queryCall(
  bus: Bus, servers: readonly CallServer[], request: TRequest, origin: RequestOrigin, done: (answer: TEvent | TErrorReply) => void,
): void {
  const connID = request['ConnID'] as string;
  const serverId = Number.parseInt(connID.slice(0, 3), 16);
  const node = servers.find((each) => each.type === 'sip-server' && each.serverId === serverId)?.name;
  if (node === undefined) return done(refusal(TError.InvalidConnID, `no node of this cluster made the ConnID ${connID}`));
  const command: ScCommand = { kind: 'request', request, origin };
  bus.request(subjects.scCommand(node), command, ASK_MS, (reply) => done(answerIn(reply, node)));
}

function answerIn(reply: BusReply, node: string): TEvent | TErrorReply {
  if (reply.kind === 'no-responders') return refusal(TError.OutOfService, `the session controller of ${node} is out of service`);
  if (reply.kind === 'timeout') return refusal(TError.Timeout, `the session controller of ${node} did not answer in time; ask again`);
  const answer = reply.message as ScReply;
  if (answer.kind === 'reply') return answer.event;
  return answer.kind === 'error' ? answer : refusal(TError.Internal, `the session controller of ${node} answered no query`);
}

const refusal = (code: number, message: string): TErrorReply => ({ kind: 'error', code, message });
