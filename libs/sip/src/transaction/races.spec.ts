/**
 * Races on a virtual wire: two user agents and a forking proxy, latency and losses as told. After RFC 3665 (§3) and
 * RFC 5407 (§3); the trace is the ladder.
 */
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { confirm, type Dialog, dialogFromInvite, dialogFromResponse, makeAck, makeInDialogRequest, onDialogRequest } from '../dialog/dialog.js';
import { OfferAnswer } from '../dialog/offer-answer.js';
import { makeResponse } from '../message/make.js';
import type { SipMessage, SipRequest, SipResponse } from '../message/message.js';
import type { SipParseError } from '../parser/error.js';
import { type FinalAnswer, type ForkEffects, ResponseContext, TIMER_C_MS } from '../proxy/response-context.js';
import { type Flow, flowKey, type ListeningAddress, type SipTransport, type Target } from '../transport/port.js';
import { stampMessage } from '../transport/via-stamp.js';
import { parsed, request, startLine } from './testing.js';
import { TransactionLayer } from './transaction-layer.js';
import type { ClientTransaction, ServerTransaction } from './users.js';

/** Carries datagrams after 10 ms, unless `lose` names them; writes down what arrives. */
class Wire {
  readonly ladder: string[] = [];
  readonly nodes = new Map<string, WireTransport>();
  lose: (line: string) => boolean = () => false;

  constructor(readonly clock: VirtualClock) {}

  carry(bytes: string, from: string, to: string): void {
    this.clock.setTimer(10, () => {
      const line = `${from} > ${to}: ${startLine(parsed(bytes)).replace(/ sip:.*/, '')}`;
      if (this.lose(line)) {
        this.ladder.push(`${line} lost`);
        return;
      }
      this.ladder.push(line);
      this.nodes.get(to)?.arrive(bytes, from);
    });
  }
}

class WireTransport implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = (error) => { throw new Error(error.message); };
  onFlowLost: (flow: Flow) => void = () => {};
  readonly listening: ListeningAddress[];

  constructor(readonly name: string, readonly wire: Wire) {
    this.listening = [{ transport: 'udp', host: name, port: 5060 }];
    wire.nodes.set(name, this);
  }

  send(bytes: string, to: Target | Flow): void {
    this.wire.carry(bytes, this.name, to.host);
  }

  arrive(bytes: string, from: string): void {
    const flow: Flow = { transport: 'udp', host: from, port: 5060, key: flowKey('udp', from, 5060), localHost: this.name, localPort: 5060 };
    this.onMessage(parsed(stampMessage(bytes, flow, 'asked').text), flow);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const at = (host: string): Target => ({ transport: 'udp', host, port: 5060 });

abstract class Node {
  readonly layer: TransactionLayer;
  constructor(readonly name: string, readonly wire: Wire) {
    this.layer = new TransactionLayer({
      transport: new WireTransport(name, wire), clock: wire.clock, entropy: new SeededEntropy(name.length), log: silentLog, meter: new CountingMeter(),
    });
  }
}

/** Calls, acknowledges every 2xx, answers BYE. */
class Caller extends Node {
  readonly heard: string[] = [];
  dialog: Dialog | undefined;
  call: ClientTransaction | undefined;
  readonly #invite = request('INVITE', { via: null });

  start(to: string): void {
    this.layer.onRequest = (bye, transaction) => this.#onRequest(bye, transaction);
    this.call = this.layer.request(this.#invite, at(to), this);
  }

  onResponse(response: SipResponse): void {
    this.heard.push(`${response.status} ${response.to.tag ?? '-'}`);
    if (response.status < 200 || response.status >= 300) return;
    this.dialog ??= dialogFromResponse(this.#invite, response);
    const ack = makeAck(dialogFromResponse(this.#invite, response), 1);
    this.send(ack, response.to.tag as string);
  }

  onFailure(reason: string): void {
    this.heard.push(reason);
  }

  bye(): void {
    const bye = makeInDialogRequest(this.dialog as Dialog, 'BYE');
    this.layer.request(bye, at((this.dialog as Dialog).remoteTag), { onResponse: ({ status }) => this.heard.push(`BYE ${status}`), onFailure: () => {} });
  }

  /** Our far ends are named by their tags. */
  send(message: SipRequest, host: string): void {
    this.layer.send(message.edit().prepend('Via', this.layer.viaFor(at(host))).serialize(), at(host));
  }

  #onRequest(bye: SipRequest, transaction: ServerTransaction): void {
    const verdict = onDialogRequest(this.dialog as Dialog, bye);
    transaction.respond(makeResponse(bye, verdict.kind === 'accept' ? 200 : verdict.status));
  }
}

/** Rings, and answers when told; repeats its 2xx until the ACK (§13.3.1.4). */
class Callee extends Node {
  readonly heard: string[] = [];
  invite: ServerTransaction | undefined;
  dialog: Dialog | undefined;
  #acknowledged = false;

  constructor(name: string, wire: Wire) {
    super(name, wire);
    this.layer.onRequest = (message, transaction) => this.#onRequest(message, transaction);
    this.layer.onAck = () => { this.heard.push('ACK'); this.#acknowledged = true; };
    this.layer.onCancel = (_cancel, invite) => { this.heard.push('CANCEL'); this.respond(487, invite); };
  }

  respond(status: number, invite = this.invite as ServerTransaction): void {
    const response = makeResponse(invite.request, status, undefined, { toTag: this.name, headers: [['Contact', `<sip:${this.name}>`]] });
    invite.respond(response);
    if (status < 200 || status >= 300) return;
    confirm(this.dialog as Dialog);
    this.#repeat(response, invite, 500);
  }

  #repeat(response: SipResponse, invite: ServerTransaction, delayMs: number): void {
    this.wire.clock.setTimer(delayMs, () => {
      if (this.#acknowledged || invite.state !== 'Accepted') return;
      invite.respond(response);
      this.#repeat(response, invite, Math.min(2 * delayMs, 4000));
    });
  }

  #onRequest(message: SipRequest, transaction: ServerTransaction): void {
    this.heard.push(message.method);
    if (message.method === 'INVITE') {
      this.invite = transaction;
      this.dialog = dialogFromInvite(message, this.name);
      this.respond(180);
    } else {
      const verdict = this.dialog === undefined ? { kind: 'refuse' as const, status: 481 } : onDialogRequest(this.dialog, message);
      transaction.respond(makeResponse(message, verdict.kind === 'accept' ? 200 : verdict.status, undefined, { toTag: this.name }));
    }
  }
}

/** Forks every INVITE to its targets, stateful; what else comes is forwarded to the user agent in the Request-URI. */
class Proxy extends Node {
  constructor(name: string, wire: Wire, targets: readonly string[]) {
    super(name, wire);
    const forks = new Map<ServerTransaction, Fork>();
    this.layer.onRequest = (message, transaction) => {
      transaction.respond(makeResponse(message, 100));
      forks.set(transaction, new Fork(this, message, transaction, targets));
    };
    this.layer.onCancel = (_cancel, invite) => forks.get(invite)?.cancelled();
    this.layer.onStrayResponse = (response) => {
      // RFC 6026 §7.3, §16.11: a 2xx that outlived its transaction goes on by the next Via.
      const next = response.vias[1];
      if (next !== undefined) this.layer.send(response.edit().removeFirst('Via').serialize(), at(next.received ?? next.host));
    };
  }
}

class Fork implements ForkEffects<string, SipResponse> {
  readonly #context: ResponseContext<string, SipResponse>;
  readonly #branches: ClientTransaction[] = [];
  readonly #timers = new Map<number, { cancel(): void }>();

  constructor(readonly proxy: Proxy, readonly message: SipRequest, readonly server: ServerTransaction, targets: readonly string[]) {
    this.#context = new ResponseContext([targets.map((way) => ({ ways: [way] }))], { isInvite: true, timerCMs: TIMER_C_MS });
    this.#context.start(this);
  }

  cancelled(): void { this.#context.onCancel(this); }
  forward(branch: number, way: string): void {
    this.#branches[branch] = this.proxy.layer.request(this.message, at(way), {
      onResponse: (response) => this.#context.onResponse(branch, response.status, response, this),
      onFailure: (reason) => this.#context.onFailure(branch, reason, this),
    });
  }
  cancel(branch: number): void { this.#branches[branch]?.cancel(); }
  setTimerC(branch: number, delayMs: number): void {
    this.stopTimerC(branch);
    this.#timers.set(branch, this.proxy.wire.clock.setTimer(delayMs, () => this.#context.onTimerC(branch, this)));
  }
  stopTimerC(branch: number): void { this.#timers.get(branch)?.cancel(); }
  relay(response: SipResponse): void { this.server.respond(response.edit().removeFirst('Via').serialize(), response.status); }
  answer(answer: FinalAnswer<SipResponse>): void {
    if (answer.kind === 'received') this.relay(answer.response);
    else this.server.respond(makeResponse(this.message, answer.status, undefined, { toTag: 'proxy' }));
  }
  wayFailed(): void {}
  done(): void {}
}

function stage(...callees: string[]) {
  const clock = new VirtualClock();
  const wire = new Wire(clock);
  const caller = new Caller('alice', wire);
  const phones = callees.map((name) => new Callee(name, wire));
  const layers = [caller.layer, ...phones.map(({ layer }) => layer)];
  return {
    clock, wire, caller, phones, bob: phones[0] as Callee,
    proxy: () => { const proxy = new Proxy('proxy', wire, callees); layers.push(proxy.layer); return proxy; },
    /** Every transaction ends (architecture §9.6). */
    expectQuiet() {
      clock.skip(300_000);
      expect(layers.map(({ size }) => size)).toEqual(layers.map(() => 0));
    },
  };
}

describe('a call', () => {
  it('is set up and torn down (RFC 3665 §3.1)', () => {
    const { clock, wire, caller, bob, expectQuiet } = stage('bob');
    caller.start('bob');
    clock.skip(100);
    bob.respond(200);
    clock.skip(100);
    caller.bye();
    clock.skip(100);
    expect(wire.ladder).toEqual([
      'alice > bob: INVITE', 'bob > alice: 180 INVITE', 'bob > alice: 200 INVITE', 'alice > bob: ACK', 'alice > bob: BYE', 'bob > alice: 200 BYE',
    ]);
    expect([caller.dialog?.state, bob.dialog?.state]).toEqual(['Confirmed', 'Terminated']);
    expectQuiet();
  });

  it('survives the loss of every message once', () => {
    for (const lost of ['alice > bob: INVITE', 'bob > alice: 180 INVITE', 'bob > alice: 200 INVITE', 'alice > bob: ACK', 'alice > bob: BYE', 'bob > alice: 200 BYE']) {
      const { clock, wire, caller, bob, expectQuiet } = stage('bob');
      let losses = 0;
      wire.lose = (line) => line === lost && losses++ === 0;
      caller.start('bob');
      clock.skip(2000);
      bob.respond(200);
      clock.skip(2000);
      caller.bye();
      clock.skip(2000);
      expect([lost, losses > 0, bob.heard.filter((what) => what === 'INVITE').length, caller.heard.includes('BYE 200'), bob.heard.includes('ACK')])
        .toEqual([lost, true, 1, true, true]);
      expectQuiet();
    }
  });

  it('a lost 200 and the INVITE again: the INVITE is absorbed, the 200 repeated (RFC 5407 §3.1.1, RFC 6026)', () => {
    const { clock, wire, caller, bob, expectQuiet } = stage('bob');
    // Neither 180 nor the first 200 arrive: the caller still repeats its INVITE when the call is answered.
    wire.lose = (line) => line === 'bob > alice: 180 INVITE' || (line === 'bob > alice: 200 INVITE' && clock.nowMs() < startMs + 400);
    const startMs = clock.nowMs();
    caller.start('bob');
    clock.skip(300);
    bob.respond(200);
    clock.skip(5000);
    expect(bob.heard).toEqual(['INVITE', 'ACK']);
    expect(caller.heard).toEqual(['200 bob']);
    expectQuiet();
  });

  it('CANCEL crosses 200: the call stands, and the caller must say BYE (RFC 5407 §3.1.2)', () => {
    const { clock, wire, caller, bob, expectQuiet } = stage('bob');
    caller.start('bob');
    clock.skip(100);
    bob.respond(200);
    caller.call?.cancel();
    clock.skip(100);
    expect(caller.heard).toEqual(['180 bob', '200 bob']);
    expect(bob.heard).toEqual(['INVITE', 'ACK']);
    expect(wire.ladder).toContain('bob > alice: 200 CANCEL');
    caller.bye();
    clock.skip(100);
    expect(caller.heard.at(-1)).toBe('BYE 200');
    expectQuiet();
  });

  it('BYE crosses BYE: both are answered 200 or 481, nothing hangs (RFC 5407 §3.1.5)', () => {
    const { clock, wire, caller, bob, expectQuiet } = stage('bob');
    caller.start('bob');
    clock.skip(100);
    bob.respond(200);
    clock.skip(100);
    const statuses: number[] = [];
    caller.bye();
    bob.layer.request(makeInDialogRequest(bob.dialog as Dialog, 'BYE'), at('alice'), { onResponse: ({ status }) => statuses.push(status), onFailure: () => {} });
    clock.skip(100);
    expect(statuses).toEqual([200]);
    expect(caller.heard.at(-1)).toBe('BYE 200');
    expect(wire.ladder.filter((line) => line.endsWith('BYE')).length).toBe(4);
    expectQuiet();
  });

  it('re-INVITEs that cross are refused with 491 on both sides (RFC 5407 §3.2)', () => {
    const [alice, bob] = [new OfferAnswer(), new OfferAnswer()];
    for (const end of [alice, bob]) end.onSent('INVITE');
    const verdicts = [alice, bob].map((end) => end.onReceived('INVITE'));
    expect(verdicts).toEqual(Array(2).fill({ kind: 'refuse', status: 491, retryAfter: false }));
    for (const end of [alice, bob]) end.rollBack();
    expect([alice.onSent('INVITE'), bob.onReceived('INVITE')]).toEqual(['offer', { kind: 'accept', meaning: 'offer' }]);
  });

  it('nobody is there: 408 after 32 s', () => {
    const { clock, wire, caller, expectQuiet } = stage('bob');
    wire.lose = () => true;
    caller.start('bob');
    clock.skip(32_000);
    expect(caller.heard).toEqual(['timeout']);
    expectQuiet();
  });
});

describe('a call through a forking proxy', () => {
  it('the first to answer gets it, the other is cancelled (RFC 3665 §3.6 and RFC 3261 §16.7)', () => {
    const { clock, caller, phones: [bob, carol], proxy, expectQuiet } = stage('bob', 'carol');
    proxy();
    caller.start('proxy');
    clock.skip(100);
    carol?.respond(200);
    clock.skip(200);
    expect(caller.heard).toEqual(['100 -', '180 bob', '180 carol', '200 carol']);
    expect(bob?.heard).toEqual(['INVITE', 'CANCEL']);
    expect(carol?.heard).toEqual(['INVITE', 'ACK']);
    expectQuiet();
  });

  it('both answer at once: the caller hears both (§13.2.2.4)', () => {
    const { clock, caller, phones, proxy, expectQuiet } = stage('bob', 'carol');
    proxy();
    caller.start('proxy');
    clock.skip(100);
    for (const phone of phones) phone.respond(200);
    clock.skip(200);
    expect(caller.heard.filter((line) => line.startsWith('200'))).toEqual(['200 bob', '200 carol']);
    expect(phones.map(({ heard }) => heard.at(-1))).toEqual(['ACK', 'ACK']);
    expectQuiet();
  });

  it('the caller hangs up while it rings (RFC 3665 §3.8)', () => {
    const { clock, caller, phones, proxy, expectQuiet } = stage('bob', 'carol');
    proxy();
    caller.start('proxy');
    clock.skip(100);
    caller.call?.cancel();
    clock.skip(200);
    expect(caller.heard.at(-1)).toMatch(/^487 /);
    expect(phones.map(({ heard }) => heard)).toEqual([['INVITE', 'CANCEL'], ['INVITE', 'CANCEL']]);
    expectQuiet();
  });

  it('one is busy, one is gone: the caller hears busy (RFC 3665 §3.9)', () => {
    const { clock, wire, caller, bob, proxy, expectQuiet } = stage('bob', 'carol');
    proxy();
    wire.lose = (line) => line.includes('carol');
    caller.start('proxy');
    clock.skip(100);
    bob.respond(486);
    clock.skip(40_000);
    expect(caller.heard.at(-1)).toBe('486 bob');
    expectQuiet();
  });

  it('rings for ever: Timer C ends it', () => {
    const { clock, caller, bob, proxy, expectQuiet } = stage('bob');
    proxy();
    caller.start('proxy');
    clock.skip(TIMER_C_MS + 1000);
    expect(bob.heard).toEqual(['INVITE', 'CANCEL']);
    expect(caller.heard.at(-1)).toBe('487 bob');
    expectQuiet();
  });

  it('an ACK that is lost: the 200 comes again all the way (RFC 6026 §7.3)', () => {
    const { clock, wire, caller, bob, proxy, expectQuiet } = stage('bob');
    proxy();
    let acks = 0;
    wire.lose = (line) => line === 'alice > bob: ACK' && acks++ < 2;
    caller.start('proxy');
    clock.skip(100);
    bob.respond(200);
    clock.skip(5000);
    expect(bob.heard).toEqual(['INVITE', 'ACK']);
    expect(caller.heard.filter((line) => line === '200 bob')).toHaveLength(3);
    expectQuiet();
  });
});
