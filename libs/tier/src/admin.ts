/** Operators' commands over the bus: any process of the cluster can ask any instance. */
import { type Bus, type BusMessage, type BusReply, subjects } from '#cluster';
import type { RunningTier } from './tier.js';

export interface AdminRequest {
  /** `dn list`, `destinations add`, ...; `help` answers the names. */
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export type AdminReply =
  | { readonly kind: 'done'; readonly result: object }
  /** A sentence that says what to change. */
  | { readonly kind: 'failed'; readonly message: string };

const TIMEOUT_MS = 5_000;

/** Answers for the tier until the returned function is called. */
export function serveAdmin(bus: Bus, tier: RunningTier): () => void {
  const subscription = bus.subscribe(subjects.admin(tier.instance), (message, delivery) => {
    if (delivery.respond === undefined) return;
    const { respond } = delivery;
    void answer(tier, message as AdminRequest).then((reply) => respond(reply));
  });
  return () => subscription.unsubscribe();
}

async function answer(tier: RunningTier, request: AdminRequest): Promise<AdminReply> {
  if (request.command === 'help') return { kind: 'done', result: { commands: Object.keys(tier.admin) } };
  if (request.command === 'status') return { kind: 'done', result: statusOf(tier) };
  const handler = tier.admin[request.command];
  if (handler === undefined) {
    const known = ['status', ...Object.keys(tier.admin)].join(', ');
    return { kind: 'failed', message: `${tier.instance} has no command "${request.command}"; it knows: ${known}` };
  }
  try {
    return { kind: 'done', result: await handler(request.args) };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

const statusOf = (tier: RunningTier) => ({ instance: tier.instance, ready: tier.ready(), listening: tier.listening });

/** @throws Error with a sentence: the instance's own, or why nobody answered */
export function askAdmin(bus: Bus, instance: string, command: string, args: AdminRequest['args'] = {}): Promise<object> {
  return new Promise((resolve, reject) => {
    bus.request(subjects.admin(instance), { command, args } satisfies AdminRequest as BusMessage, TIMEOUT_MS, (reply) => {
      const outcome = outcomeOf(reply, instance);
      if (outcome.kind === 'done') resolve(outcome.result);
      else reject(new Error(outcome.message));
    });
  });
}

function outcomeOf(reply: BusReply, instance: string): AdminReply {
  switch (reply.kind) {
    case 'reply': return reply.message as AdminReply;
    case 'no-responders': return { kind: 'failed', message: `no instance called ${instance} is running; "cordboard status" lists them` };
    case 'timeout': return { kind: 'failed', message: `${instance} did not answer within ${TIMEOUT_MS / 1000} s; it may be overloaded or paused` };
  }
}
