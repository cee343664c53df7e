/** The transaction layer under mutated messages, as server and as client: every request gets its answer, nothing malformed leaves. */
import { CountingMeter, silentLog } from '#kernel';
import {
  checkMessage, type Flow, makeRequest, makeResponse, parseMessage, type SipMessage, type SipTransport, type Target, TransactionLayer, validateRequest,
} from '#sip';
import { SeededEntropy, VirtualClock } from '#simulation';
import type { FuzzTarget } from './harness.js';
import { sipSeeds } from './seeds.js';

const FLOW: Flow = { transport: 'udp', host: '192.0.2.7', port: 5060, key: 'udp:192.0.2.7:5060', localHost: '10.0.0.1', localPort: 5060 };
const RULES = { extensions: new Set<string>(), isOurSentBy: () => false };
/** Longer than any transaction lives. */
const ALL_OVER_MS = 300_000;
const OWN_EVERY = 20;

class Wire implements SipTransport {
  onMessage: SipTransport['onMessage'] = () => {};
  onMalformed: SipTransport['onMalformed'] = () => {};
  onFlowLost: SipTransport['onFlowLost'] = () => {};
  readonly listening = [{ transport: 'udp', host: '10.0.0.1', port: 5060 }] as const;
  sent: SipMessage[] = [];

  send(bytes: string, _to: Target | Flow): void {
    const parsed = parseMessage(bytes);
    if (!parsed.ok) throw new Error(`what was sent cannot be read: ${parsed.error.message}`);
    this.sent.push(parsed.value);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export function sipTransactions(): FuzzTarget {
  const clock = new VirtualClock();
  const wire = new Wire();
  const meter = new CountingMeter();
  const layer = new TransactionLayer({ transport: wire, clock, entropy: new SeededEntropy(1), log: silentLog, meter });
  layer.onRequest = (request, transaction) => {
    const refusal = validateRequest(request, RULES);
    if (request.method === 'INVITE') transaction.respond(makeResponse(request, 180, undefined, { toTag: 'x' }));
    transaction.respond(makeResponse(request, refusal?.status ?? 200, undefined, { toTag: 'x', headers: refusal?.headers ?? [] }));
  };
  const client = makeRequest({
    method: 'OPTIONS', uri: 'sip:x@y',
    headers: [['Max-Forwards', '1'], ['From', '<sip:a@b>;tag=1'], ['To', '<sip:x@y>'], ['Call-ID', 'own'], ['CSeq', '1 OPTIONS']],
  });
  let heard = 0;
  /** Of our latest request: responses are mutated into its own. */
  let branch = '';
  return {
    name: 'sip-transactions', seeds: sipSeeds, ofMillion: 1_000_000, batch: 1_000,
    feed(input, random) {
      if (random.below(OWN_EVERY) === 0) {
        const transaction = layer.request(client, FLOW, { onResponse: () => { heard += 1; }, onFailure: () => { heard += 1; } });
        branch = transaction.branch;
      }
      wire.sent = [];
      const failures = meter.count('sip_handler_failures_total');
      const absorbed = meter.count('sip_retransmissions_absorbed_total');
      const parsed = parseMessage(input.startsWith('SIP/') ? input.replace(/branch=[^;,\s]*/, `branch=${branch}`) : input);
      if (!parsed.ok) wire.onMalformed(parsed.error, FLOW);
      else wire.onMessage(parsed.value, FLOW);
      if (meter.count('sip_handler_failures_total') > failures) throw new Error('a handler threw');
      const isRequest = parsed.ok ? parsed.value.kind === 'request' && parsed.value.method !== 'ACK' : parsed.error.partial !== undefined;
      const isRepeated = meter.count('sip_retransmissions_absorbed_total') > absorbed;
      if (isRequest && !isRepeated && wire.sent.length === 0) throw new Error('a request got no answer');
      if (!isRequest && wire.sent.length > 0) throw new Error('what is no request got an answer');
      return parsed.ok && checkMessage(parsed.value) === undefined;
    },
    settle() {
      clock.skip(ALL_OVER_MS);
      if (layer.size > 0) throw new Error(`${layer.size} transactions are still there`);
      wire.sent = [];
    },
    close() {
      if (heard === 0) throw new Error('no request of our own came to an end');
      layer.close();
    },
  };
}
