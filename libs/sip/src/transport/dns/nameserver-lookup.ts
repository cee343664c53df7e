/** `DnsLookup` over configured nameservers, asked in turn until one answers. */
import { getServers } from 'node:dns';
import type {
  AnyOutcome, DnsLookup, DnsOutcome, DnsQuestion, DnsRecords, DnsType, NaptrRecord, SrvRecord,
} from '../../resolver/dns.js';
import { interpret } from './dns-answer.js';
import { exchange, type ExchangePorts, type Nameserver } from './dns-exchange.js';

export interface NameserverLookupOptions {
  readonly servers: readonly Nameserver[];
  /** Per server and try. Default 1.5 s: two servers twice fit into the life of a transaction. */
  readonly timeoutMs?: number;
  /** How often the list is gone through. Default 2. */
  readonly rounds?: number;
  /** Questions on their way at a time; more fail at once. Default 512. */
  readonly questionsMax?: number;
}

/** A chain of aliases longer than this is a loop. */
const ALIASES_MAX = 8;

export class NameserverLookup implements DnsLookup {
  readonly #options: Required<NameserverLookupOptions>;
  readonly #ports: ExchangePorts;
  #open = 0;

  constructor(options: NameserverLookupOptions, ports: ExchangePorts) {
    this.#options = { timeoutMs: 1500, rounds: 2, questionsMax: 512, ...options };
    this.#ports = ports;
  }

  naptr(name: string, done: (outcome: DnsOutcome<NaptrRecord>) => void): void {
    this.#lookUp('naptr', name, done);
  }

  srv(name: string, done: (outcome: DnsOutcome<SrvRecord>) => void): void {
    this.#lookUp('srv', name, done);
  }

  a(name: string, done: (outcome: DnsOutcome<string>) => void): void {
    this.#lookUp('a', name, done);
  }

  aaaa(name: string, done: (outcome: DnsOutcome<string>) => void): void {
    this.#lookUp('aaaa', name, done);
  }

  #lookUp<T extends DnsType>(type: T, name: string, done: (outcome: DnsOutcome<DnsRecords[T]>) => void): void {
    if (this.#open >= this.#options.questionsMax) {
      return done({ kind: 'failed', reason: `${this.#options.questionsMax} DNS questions are open` });
    }
    this.#open += 1;
    this.#follow({ type, name }, 0, (outcome) => {
      this.#open -= 1;
      done(outcome as DnsOutcome<DnsRecords[T]>);
    });
  }

  #follow(question: DnsQuestion, aliases: number, done: (outcome: AnyOutcome) => void): void {
    if (aliases > ALIASES_MAX) return done({ kind: 'failed', reason: `${question.name} is an alias without end` });
    this.#ask(question, 0, (outcome) => {
      if (outcome.kind !== 'alias') done(outcome);
      else this.#follow({ ...question, name: outcome.name }, aliases + 1, done);
    });
  }

  #ask(question: DnsQuestion, tries: number, done: (outcome: ReturnType<typeof interpret>) => void): void {
    const { servers, rounds, timeoutMs } = this.#options;
    const server = servers[tries % servers.length];
    if (server === undefined) return done({ kind: 'failed', reason: 'no nameserver is configured' });
    exchange(question, server, timeoutMs, this.#ports, (answer) => {
      const outcome = answer.ok ? interpret(question, answer.value) : { kind: 'failed', reason: answer.error } as const;
      if (outcome.kind === 'failed' && tries + 1 < servers.length * rounds) this.#ask(question, tries + 1, done);
      else done(outcome);
    });
  }
}

/** The nameservers of the system. */
export function systemNameservers(): Nameserver[] {
  return getServers().map(parseNameserver);
}

/** `192.0.2.53`, `192.0.2.53:5300`, `2001:db8::53` or `[2001:db8::53]:5300`. */
export function parseNameserver(text: string): Nameserver {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text);
  const match = bracketed ?? plain;
  return match === null ? { host: text, port: 53 } : { host: match[1] as string, port: Number(match[2] ?? 53) };
}
