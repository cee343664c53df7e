/** What the transaction layer counts. Labels are bounded: an unknown method is `other`. */
import type { Counter, Meter } from '#kernel';
import type { SipParseErrorCode } from '../parser/error.js';

const METHODS = [
  'INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS', 'PRACK', 'UPDATE', 'REFER', 'SUBSCRIBE', 'NOTIFY', 'INFO',
  'MESSAGE', 'PUBLISH',
];

export class TransactionMetrics {
  readonly retransmissions: Counter;
  readonly repaired: Counter;
  readonly overload: Counter;
  readonly strayResponses: Counter;
  readonly refusedResponses: Counter;
  readonly failures: Counter;
  readonly #requests = new Map<string, Counter>();
  readonly #otherRequests: Counter;
  readonly #malformed = new Map<SipParseErrorCode, Counter>();

  constructor(private readonly meter: Meter) {
    for (const method of METHODS) this.#requests.set(method, requestCounter(meter, method));
    this.#otherRequests = requestCounter(meter, 'other');
    this.retransmissions = meter.counter('sip_retransmissions_absorbed_total', 'Requests received again');
    this.repaired = meter.counter('sip_repaired_total', 'Requests whose CSeq named another method');
    this.overload = meter.counter('sip_overload_refused_total', 'Requests refused with 503: the transaction table is full');
    this.strayResponses = meter.counter('sip_stray_responses_total', 'Responses that match no transaction');
    this.refusedResponses = meter.counter('sip_responses_refused_total', 'Responses of a user after its final one');
    this.failures = meter.counter('sip_handler_failures_total', 'Messages whose handling threw');
  }

  request(method: string): Counter {
    return this.#requests.get(method) ?? this.#otherRequests;
  }

  /** Too large, or malformed, by what is wrong. */
  malformed(code: SipParseErrorCode): Counter {
    let counter = this.#malformed.get(code);
    if (counter === undefined) {
      counter = this.meter.counter('sip_malformed_total', 'Messages refused or dropped as malformed or too large', { code });
      this.#malformed.set(code, counter);
    }
    return counter;
  }
}

function requestCounter(meter: Meter, method: string): Counter {
  return meter.counter('sip_requests_total', 'Requests received, retransmissions included', { method });
}
