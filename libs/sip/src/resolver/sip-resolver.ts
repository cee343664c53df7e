/** Runs resolutions over a `DnsLookup`: asks each question once however many wait for it, and remembers the answers. */
import type { Clock, Counter, Entropy, Meter } from '#kernel';
import type { Target, TransportName } from '../transport/port.js';
import { SipUri } from '../uri/uri.js';
import { type AnyOutcome, type DnsLookup, type DnsQuestion, questionKey } from './dns.js';
import { DNS_CACHE_BOUNDS, DnsCache, type DnsCacheBounds } from './dns-cache.js';
import { FailedTargets } from './failed-targets.js';
import { type Destination, type ResolutionEffect, Rfc3263Resolution } from './rfc3263.js';

export interface SipResolverPorts {
  readonly dns: DnsLookup;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly meter: Meter;
}

export interface SipResolverOptions {
  /** What we can send by, best first. Default: udp, tcp. */
  readonly transports?: readonly TransportName[];
  readonly ipv6?: boolean;
  /** How long a target that failed is tried last. Default 30 s, the time phones take to come back. */
  readonly avoidMs?: number;
  readonly cache?: Partial<DnsCacheBounds>;
}

type Waiting = (outcome: AnyOutcome) => void;

const AVOID_MS = 30_000;
const TRANSPORTS: readonly TransportName[] = ['udp', 'tcp'];

export class SipResolver {
  readonly #dns: DnsLookup;
  readonly #clock: Clock;
  readonly #options: { transports: readonly TransportName[]; ipv6: boolean; draw: () => number };
  readonly #cache: DnsCache;
  readonly #failed: FailedTargets;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #questions: Counter;

  constructor(ports: SipResolverPorts, options: SipResolverOptions = {}) {
    this.#dns = ports.dns;
    this.#clock = ports.clock;
    this.#options = {
      transports: options.transports ?? TRANSPORTS,
      ipv6: options.ipv6 ?? false,
      draw: () => ports.entropy.uint32(),
    };
    this.#cache = new DnsCache({ ...DNS_CACHE_BOUNDS, ...options.cache });
    this.#failed = new FailedTargets(options.avoidMs ?? AVOID_MS);
    this.#questions = ports.meter.counter('sip_dns_questions_total', 'Questions put to nameservers');
    ports.meter.gauge('sip_dns_cache_entries', 'Answers held', () => this.#cache.size);
    ports.meter.gauge('sip_targets_avoided', 'Targets that failed lately', () => this.#failed.size);
  }

  /**
   * Where a request to `uri` goes, best first; draws SRV weights anew each time.
   *
   * @param done called once, at once when no question had to be asked. An empty list: the name leads nowhere, or
   *   (`failed`) nobody answered
   */
  resolve(uri: SipUri | Destination, done: (targets: readonly Target[], failed: boolean) => void): void {
    const resolution = new Rfc3263Resolution(toDestination(uri), this.#options);
    const out = {
      push: (effect: ResolutionEffect): void => {
        if (effect.kind === 'done') done(this.#failed.order(effect.targets, this.#clock.nowMs()), effect.failed);
        else asked.push(effect.question);
      },
    };
    const asked: DnsQuestion[] = [];
    // Questions are put after the step that raised them: an answer at once must not find the machine in mid-step.
    const drain = (): void => {
      for (let question = asked.shift(); question !== undefined; question = asked.shift()) this.#ask(question, onAnswer(question));
    };
    const onAnswer = (question: DnsQuestion) => (outcome: AnyOutcome): void => {
      resolution.onAnswer(question, outcome, out);
      drain();
    };
    resolution.start(out);
    drain();
  }

  /** No answer, 503 or a transport error: tried last for a while. */
  targetFailed(target: Target): void {
    this.#failed.failed(target, this.#clock.nowMs());
  }

  targetWorked(target: Target): void {
    this.#failed.worked(target);
  }

  /** Forgets all answers: the operator changed a zone. */
  flush(): void {
    this.#cache.clear();
  }

  #ask(question: DnsQuestion, answer: Waiting): void {
    const key = questionKey(question);
    const known = this.#cache.get(key, this.#clock.nowMs());
    if (known !== undefined) return answer(known);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(answer);
      return;
    }
    this.#waiting.set(key, [answer]);
    this.#questions.add();
    this.#dns[question.type](question.name, (outcome: AnyOutcome) => this.#onOutcome(key, outcome));
  }

  #onOutcome(key: string, outcome: AnyOutcome): void {
    const counts = this.#cache.put(key, outcome, this.#clock.nowMs());
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const answer of waiting) answer(counts);
  }
}

function toDestination(uri: SipUri | Destination): Destination {
  if (!(uri instanceof SipUri)) return uri;
  const { transport } = uri;
  return {
    // §4: maddr stands in for the host.
    host: uri.params.get('maddr') ?? uri.host,
    port: uri.port,
    transport: transport === 'udp' || transport === 'tcp' || transport === 'tls' ? transport : undefined,
    secure: uri.scheme === 'sips',
  };
}
