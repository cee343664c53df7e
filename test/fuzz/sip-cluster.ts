/** Mutated datagrams to a real proxy and session controller on a simulated network: each request is answered once it is over. */
import { checkMessage, parseMessage } from '#sip';
import { reader, Stack } from '../corpora/stack.fixture.js';
import type { FuzzTarget } from './harness.js';
import { sipSeeds } from './seeds.js';

const SOURCE = { host: '192.0.2.200', port: 5060 };

/** What an answer repeats of its request, when both can be read. */
const nameOf = (callId: string, seq: number): string => `${callId} ${seq}`;

export async function sipCluster(): Promise<FuzzTarget> {
  const stack = await Stack.start();
  let waiting = new Map<string, string>();
  let number = 0;
  return {
    name: 'sip-cluster', seeds: sipSeeds, ofMillion: 1_000_000, batch: 250,
    feed(input) {
      number += 1;
      // Branches of their own, so that none is taken for the repetition of another.
      const unique = input.replace(/branch=z9hG4bK/i, `branch=z9hG4bK${number}.`).replace(/^(call-id|i)( *: *)/im, `$1$2${number}.`);
      stack.post(unique);
      const read = reader(unique, SOURCE);
      const request = read.ok ? read.value : read.error.partial;
      if (request?.kind === 'request' && request.method !== 'ACK') waiting.set(nameOf(request.callId, request.cseq.seq), unique);
      return read.ok && checkMessage(read.value) === undefined;
    },
    async settle() {
      for (const bytes of await stack.over()) {
        const answer = parseMessage(bytes);
        if (!answer.ok) throw new Error(`what was sent cannot be read: ${answer.error.message}\n${bytes}`);
        if (answer.value.kind === 'response' && answer.value.status >= 200) waiting.delete(nameOf(answer.value.callId, answer.value.cseq.seq));
      }
      const [unanswered] = waiting.values();
      waiting = new Map();
      if (unanswered !== undefined) throw new Error(`a request of this batch got no answer: ${JSON.stringify(unanswered)}`);
    },
    close: () => stack.close(),
  };
}
