/**
 * For specs: calls as text. A line with `>` is what happens; the lines below it are all that the call does then. `docs/specs/call.md`
 * lists what each scenario proves.
 */
import type { KVList, KVPair, KVValue, TAttribute, TEvent, TRequest } from '#tlib';
import type { CallEffect, CallOrigin, Destination, Sdp } from './call.types.js';
import { sdpOf, TestSwitch } from './environment.fixture.js';
import { type Happening, World } from './world.fixture.js';

export interface Scenario {
  /** Row of the specification. */
  readonly id: string;
  readonly title: string;
  /** Everything below the title. */
  readonly lines: readonly string[];
}

export function parseScenarios(text: string): Scenario[] {
  const scenarios: { id: string; title: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const head = /^=== (\S+) (.*)$/.exec(line);
    if (head !== null) scenarios.push({ id: head[1] as string, title: head[2] as string, lines: [] });
    else if (line.trim() !== '') scenarios.at(-1)?.lines.push(line);
  }
  return scenarios;
}

/** The scenario as it runs: the given settings and happenings, and what the call does about them. */
export function runScenario(scenario: Scenario): string[] {
  return new Player(scenario).play();
}

/** The same for every event of a call; shown by none of the lines. */
const CONSTANT = new Set(['msg', 'ThisDN', 'ConnID', 'CallUUID', 'CallID', 'PropagatedCallType', 'Node', 'Time', 'TimeStamp']);

class Player {
  readonly #options: Record<string, string> = {};
  readonly #switch: TestSwitch = new TestSwitch(this.#options);
  readonly #world = new World(this.#switch);
  readonly #output: string[] = [];
  /** Leg of each name: `in` and then `a`, `b`, ... in the order of our INVITEs. */
  readonly #legs = new Map<string, string>([['in', 'in']]);
  readonly #versions = new Map<string, number>();
  #requests = 0;
  #monitored = false;

  constructor(private readonly scenario: Scenario) {}

  play(): string[] {
    for (const line of this.scenario.lines) {
      const happening = /^> (.*)$/.exec(line.trim());
      if (happening !== null) this.#play(line.trim(), happening[1] as string);
      else if (!line.startsWith(' ')) this.#set(line.trim());
    }
    return this.#output;
  }

  #set(line: string): void {
    this.#output.push(line);
    const [, what, key, value] = /^(option|routers|agent) (\S+) = ?(.*)$/.exec(line) ?? [];
    if (line === 'with monitor events') this.#monitored = true;
    else if (what === 'option') this.#options[key as string] = value as string;
    else if (what === 'routers') this.#switch.routerCounts.set(key as string, Number(value));
    else if (what === 'agent') this.#switch.agents.set(key as string, value as string);
    else throw new Error(`${this.scenario.id}: nothing sets "${line}"`);
  }

  #play(line: string, what: string): void {
    this.#output.push(line);
    const passing = /^(\d+) s pass$/.exec(what);
    if (passing !== null) return this.#pass(Number(passing[1]) * 1000);
    this.#feed(this.#happening(what));
  }

  #pass(ms: number): void {
    const world = this.#world;
    const untilMs = world.nowMs + ms;
    for (;;) {
      const due = [...world.timers].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1])[0];
      if (due === undefined) break;
      world.nowMs = due[1];
      this.#feed({ kind: 'timer', timer: due[0] });
    }
    world.nowMs = untilMs;
  }

  #feed(happening: Happening): void {
    for (const effect of this.#world.feed(happening)) {
      if (effect.kind !== 'monitor' || this.#monitored) this.#output.push(`  ${this.#show(effect)}`);
    }
  }

  // ---- what happens

  #happening(text: string): Happening {
    const [subject, verb, ...rest] = text.split(' ') as [string, string, ...string[]];
    if (verb === 'calls') return this.#invited(subject, rest[0] as string, rest.includes('offerless'));
    if (verb === 'asks') return this.#request(subject, rest[0] as string, rest.slice(1));
    if (verb === 'accepts' && this.#switch.dnType(subject) !== undefined) return this.#verdict(subject, rest[0]);
    if (verb === 'declines') {
      return { kind: 'offerRefused', dn: subject, offerId: this.#offerId(subject), code: Number(rest[0]), message: rest.slice(1).join(' ') };
    }
    if (verb === 'revokes') return { kind: 'offerRevoked', dn: subject, message: rest.join(' ') };
    if (text === 'the operator clears') return { kind: 'clear', reason: 'the operator clears' };
    if (text === 'the node goes on') {
      this.#world.restore();
      return { kind: 'restored' };
    }
    if (verb === 'has' && rest.join(' ') === 'routers again') return { kind: 'routersBack', routingPoint: subject };
    if (verb === 'loses') return { kind: 'routersGone', routingPoint: subject };
    return this.#ofLeg(subject, verb, rest);
  }

  #invited(caller: string, dialled: string, offerless: boolean): Happening {
    const from: CallOrigin = caller.startsWith('7') ? { kind: 'internal', dn: caller } : { kind: 'trunk', trunk: 'T1', number: caller };
    return { kind: 'invited', leg: 'in', from, dialled, ani: caller, displayName: '', sdp: offerless ? null : this.#sdp('in') };
  }

  #request(thisDN: string, msg: string, attributes: readonly string[]): Happening {
    this.#requests += 1;
    const request: Record<string, TAttribute> = { msg, ThisDN: thisDN };
    for (const attribute of attributes) {
      const [path, value] = attribute.split('=') as [string, string];
      const [name, key] = path.split('.') as [string, string | undefined];
      request[name] = key === undefined ? value : [...(request[name] as KVList | undefined ?? []), [key, numberOr(value)] satisfies KVPair];
    }
    const origin = this.#world.origin(`#${this.#requests}`);
    if (msg === 'RequestMakeCall') return { kind: 'makeCall', leg: 'in', request: request as TRequest, origin };
    return { kind: 'request', request: request as TRequest, origin };
  }

  #verdict(dn: string, agentID: string | undefined): Happening {
    return { kind: 'offerAccepted', dn, offerId: this.#offerId(dn), agentID };
  }

  #offerId(dn: string): number {
    for (const [id, offered] of this.#world.offers) if (offered === dn) return id;
    return 0;
  }

  #ofLeg(name: string, verb: string, rest: readonly string[]): Happening {
    const leg = this.#legs.get(name);
    if (leg === undefined) throw new Error(`${this.scenario.id}: there is no leg ${name}`);
    switch (verb) {
      case 'rings': return { kind: 'progress', leg, status: Number(rest[0]), sdp: this.#ifMedia(name, rest) };
      case 'answers': return { kind: 'answered', leg, sdp: this.#described(name, rest) };
      case 'refuses': return { kind: 'rejected', leg, status: Number(rest[0]), reason: rest.slice(1).join(' ') };
      case 'acks': return { kind: 'acked', leg, sdp: this.#ifMedia(name, rest) };
      case 'offers': return { kind: 'offered', leg, sdp: this.#described(name, rest) };
      case 'accepts': return { kind: 'offerAnswered', leg, sdp: this.#described(name, rest) };
      case 'rejects': return { kind: 'offerRejected', leg, status: Number(rest[0]) };
      case 'cancels': return { kind: 'gone', leg, cause: 'cancel' };
      case 'leaves': return { kind: 'gone', leg, cause: 'bye' };
      case 'is': return { kind: 'gone', leg, cause: 'lost' };
      case 'replies': return { kind: 'notified', leg, status: Number(rest[0]) };
      default: throw new Error(`${this.scenario.id}: a leg cannot "${verb}"`);
    }
  }

  #ifMedia(name: string, rest: readonly string[]): Sdp | null {
    return rest.includes('media') ? this.#sdp(name) : null;
  }

  #described(name: string, rest: readonly string[]): Sdp | null {
    if (rest.includes('nothing')) return null;
    return this.#sdp(name, rest.includes('hold') ? 'sendonly' : 'sendrecv');
  }

  #sdp(name: string, direction?: string): Sdp {
    const version = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, version);
    return sdpOf(name, version, direction);
  }

  // ---- what the call does

  #show(effect: CallEffect): string {
    switch (effect.kind) {
      case 'invite': return this.#showInvite(effect);
      case 'ring': return `ring ${this.#leg(effect.leg)} ${effect.status}${effect.sdp === null ? '' : ` ${showSdp(effect.sdp)}`}`;
      case 'ack':
      case 'answer':
      case 'offer':
      case 'ackOffer':
      case 'answerOffer': return `${effect.kind} ${this.#leg(effect.leg)} ${showSdp(effect.sdp)}`;
      case 'reject':
      case 'rejectOffer': return `${effect.kind} ${this.#leg(effect.leg)} ${effect.status} ${effect.reason}`;
      case 'cancel':
      case 'bye': return `${effect.kind} ${this.#leg(effect.leg)}`;
      case 'notify': return `notify ${this.#leg(effect.leg)} ${effect.event}`;
      case 'event': return `${effect.dn} ${showEvent(effect.event)}${effect.business ? '' : ' private'}${showOrigin(effect.origin)}`;
      case 'monitor': return `IPport ${showEvent(effect.event)}`;
      case 'error': return `error ${effect.code} "${effect.message}"${showOrigin(effect.origin)}`;
      case 'reply': return `reply ${showEvent(effect.event)}${showOrigin(effect.origin)}`;
      case 'offerTo': return `ask the owner of ${effect.dn}, lease ${effect.leaseMs / 1000} s`;
      case 'withdrawFrom': return `withdraw from ${effect.dn}`;
      case 'agentAction': return `agent at ${effect.dn}: ${effect.action} (${effect.reason})`;
      case 'setTimer': return `timer ${effect.timer} ${effect.ms / 1000} s`;
      case 'clearTimer': return `timer ${effect.timer} off`;
      case 'ended': return 'ended';
    }
  }

  #showInvite(effect: Extract<CallEffect, { readonly kind: 'invite' }>): string {
    const to = showDestination(effect.destination);
    return `invite ${this.#leg(effect.leg)} ${to} from ${effect.fromUser} ${showSdp(effect.sdp)}${effect.autoAnswer ? ' auto-answer' : ''}`;
  }

  #leg(leg: string): string {
    for (const [name, known] of this.#legs) if (known === leg) return name;
    const name = String.fromCharCode(96 + this.#legs.size);
    this.#legs.set(name, leg);
    return name;
  }
}

function numberOr(value: string): string | number {
  return /^\d+$/.test(value) ? Number(value) : value;
}

function showDestination(destination: Destination): string {
  return destination.kind === 'trunk' ? `${destination.number} by ${destination.trunk}` : destination.kind === 'nowhere' ? 'nowhere' : destination.dn;
}

/** `a#2` is the second description of leg a, as it was sent. */
function showSdp(sdp: Sdp | null): string {
  if (sdp === null) return 'without SDP';
  const [, end, version] = /^o=(\S+) 1 (\d+) /m.exec(sdp) ?? [];
  if (end === '-') return 'held';
  const asSent = ['sendrecv', 'sendonly'].some((direction) => sdpOf(end as string, Number(version), direction) === sdp);
  return `${end}#${version}${asSent ? (sdp.includes('a=sendonly') ? ' (sendonly)' : '') : ' (inactive)'}`;
}

function showEvent(event: TEvent): string {
  const shown = Object.entries(event).filter(([name, value]) => !CONSTANT.has(name) && !(name === 'CallState' && value === 'Ok'));
  return [event.msg, ...shown.map(([name, value]) => `${name}=${showValue(value)}`)].join(' ');
}

function showValue(value: TAttribute | KVValue): string {
  return Array.isArray(value) ? `{${(value as KVList).map(([key, inner]) => `${key}=${showValue(inner)}`).join(' ')}}` : String(value);
}

function showOrigin(origin: { readonly session: string } | undefined): string {
  return origin === undefined ? '' : ` [${origin.session}]`;
}
