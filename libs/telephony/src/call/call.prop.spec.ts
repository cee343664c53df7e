/** Seeded random interleavings of everything that can happen to a call; `World` checks each effect, and the end. */
import { SeededEntropy } from '#simulation';
import { TestSwitch, sdpOf } from './environment.fixture.js';
import type { FarEnd } from './far-ends.fixture.js';
import { type Happening, World } from './world.fixture.js';

const SEEDS = 4_000;
const STEPS_MAX = 80;
const DNS = ['7001', '7002', '7002', '7003', '7003', '7004', '5000', '5000', '5001', '0555', '0555', '9999'];
const ROUTE_TYPES = ['Unknown', 'Unknown', 'Unknown', 'Default', 'Default', 'OverwriteDNIS', 'Reject', 'AgentID', 'CallDisconnect', 'Label'];

function randomSwitch(draw: SeededEntropy): TestSwitch {
  const environment = new TestSwitch({
    'divert-on-ringing': draw.pick(['true', 'false']),
    'default-dn': draw.pick(['', '7003', '5001', '5001,7003,0555', '0555,9999']),
    'default-redirection-limit': draw.pick(['0', '1', '4']),
    'agent-no-answer-overflow': draw.pick(['', 'none', 'recall', 'release', '7003,recall', '9999,5001', '0555']),
    'agent-no-answer-action': draw.pick(['none', 'notready', 'logout']),
    'extn-no-answer-timeout': draw.pick(['0', '12']), 'extn-no-answer-overflow': draw.pick(['', '7003', 'recall,release']),
    'nas-private': draw.pick(['true', 'false']), 'after-routing-timeout': draw.pick(['0', '18', '5']),
    'router-timeout': draw.pick(['0', '10']), 'sip-cti-control': draw.pick(['', 'talk', 'talk,hold']),
    'sip-error-conversion': draw.pick(['', '408=486']),
  });
  environment.routerCounts.set('5000', draw.pick([0, 1, 1, 2])).set('5001', draw.pick([0, 1]));
  environment.agents.set('agent1', '7002');
  return environment;
}

class Walk {
  readonly world: World;
  readonly trace: string[] = [];
  #versions = 0;
  #requests = 0;

  constructor(readonly draw: SeededEntropy) {
    this.world = new World(randomSwitch(draw));
  }

  run(): void {
    this.#open();
    for (let steps = 0; steps < STEPS_MAX && this.world.endings === 0; steps += 1) this.#step();
    this.#wind();
  }

  #open(): void {
    const { draw } = this;
    if (draw.chance(0.3)) return this.#feed(this.#makeCall());
    const from = draw.chance(0.5)
      ? { kind: 'trunk', trunk: 'T1', number: draw.pick(['0888', '']) } as const
      : { kind: 'internal', dn: '7001' } as const;
    this.#feed({
      kind: 'invited', leg: 'in', from, dialled: draw.pick(DNS), ani: from.kind === 'trunk' ? from.number : from.dn, displayName: '',
      sdp: draw.chance(0.85) ? this.#sdp('in') : null,
    });
  }

  #makeCall(): Happening {
    const request = { msg: 'RequestMakeCall', ThisDN: this.draw.pick(['7001', '7001', '5000']), OtherDN: this.draw.pick(DNS) };
    return { kind: 'makeCall', leg: 'in', request, origin: this.world.origin('make') };
  }

  #step(): void {
    const { draw, world } = this;
    const possible: Happening[] = [];
    for (const end of world.ends.open) this.#ofLeg(end, possible);
    for (const [offerId, dn] of world.offers) {
      possible.push({ kind: 'offerAccepted', dn, offerId, agentID: draw.pick([undefined, 'agent1']) });
      possible.push({ kind: 'offerRefused', dn, offerId, code: draw.pick([58, 231, 185]), message: 'no' });
    }
    if (draw.chance(0.05)) for (const dn of world.leased) possible.push({ kind: 'offerRevoked', dn, message: 'out of service' });
    if (draw.chance(0.35)) possible.push(this.#request(), this.#request());
    if (draw.chance(0.05)) possible.push({ kind: 'routersGone', routingPoint: '5000' });
    if (draw.chance(0.01)) possible.push({ kind: 'clear', reason: 'drained' });
    if (draw.chance(0.1)) this.#restore();
    if (world.timers.size > 0 && (possible.length === 0 || draw.chance(0.15))) return this.#fireNext();
    if (possible.length > 0) this.#feed(draw.pick(possible));
  }

  #ofLeg(end: FarEnd, possible: Happening[]): void {
    const { draw } = this;
    const { leg } = end;
    const sdp = this.#sdp(leg);
    switch (end.phase) {
      case 'invited':
        if (draw.chance(0.1)) possible.push({ kind: 'gone', leg, cause: 'cancel' });
        return;
      case 'inviting':
        possible.push({ kind: 'progress', leg, status: draw.pick([180, 183]), sdp: draw.pick([null, sdp]) });
        possible.push({ kind: 'answered', leg, sdp: draw.chance(0.95) ? sdp : null });
        possible.push({ kind: 'rejected', leg, status: draw.pick([302, 404, 408, 480, 486, 503, 603]), reason: 'No' });
        if (draw.chance(0.5)) possible.pop();
        break;
      case 'cancelled':
        possible.push({ kind: 'rejected', leg, status: 487, reason: 'Request Terminated' }, { kind: 'answered', leg, sdp });
        return;
      case 'answering':
        possible.push({ kind: 'acked', leg, sdp: end.withOffer ? null : sdp });
        if (draw.chance(0.2)) possible.push({ kind: 'gone', leg, cause: 'lost' });
        return;
      case 'answered':
        if (draw.chance(0.2)) possible.push({ kind: 'gone', leg, cause: 'bye' });
        return;
      case 'confirmed': this.#ofConfirmed(end, sdp, possible);
    }
    for (let n = 0; n < end.notifies; n += 1) possible.push({ kind: 'notified', leg, status: draw.pick([200, 200, 481]) });
  }

  #ofConfirmed(end: FarEnd, sdp: string, possible: Happening[]): void {
    const { draw } = this;
    const { leg } = end;
    if (draw.chance(0.1)) possible.push({ kind: 'gone', leg, cause: draw.pick(['bye', 'lost']) });
    if (end.theirOffer === 'to acknowledge') possible.push({ kind: 'acked', leg, sdp });
    if (end.ourOffer === 'made' || end.ourOffer === 'asked') {
      possible.push({ kind: 'offerAnswered', leg, sdp }, { kind: 'offerRejected', leg, status: draw.pick([491, 488, 491]) });
    } else if (end.ourOffer === 'none' && end.theirOffer === 'none' && draw.chance(0.4)) {
      possible.push({ kind: 'offered', leg, sdp: draw.pick([sdp, this.#sdp(leg, 'sendonly'), null]) });
    }
  }

  #request(): Happening {
    const { draw } = this;
    const msg = draw.pick([
      'RequestRouteCall', 'RequestRouteCall', 'RequestRouteCall', 'RequestReleaseCall', 'RequestHoldCall', 'RequestRetrieveCall', 'RequestAnswerCall',
      'RequestSingleStepTransfer', 'RequestSingleStepTransfer', 'RequestRedirectCall', 'RequestClearCall', 'RequestAttachUserData', 'RequestApplyTreatment', 'RequestQueryCall',
      'RequestInitiateTransfer',
    ]);
    this.#requests += 1;
    const request = {
      msg, ThisDN: this.#someDn(), OtherDN: draw.pick([...DNS, 'agent1']),
      RouteType: draw.pick(ROUTE_TYPES), TreatmentType: draw.pick(['RingBack', 'Music', 'CancelCall', 'SetDefaultRoute']),
      TreatmentParms: [['DURATION', 5], ['DESTINATION', '7003']] as const, UserData: [['k', this.#requests]] as const,
    };
    return { kind: 'request', request, origin: this.world.origin(`q${this.#requests}`) };
  }

  /** Mostly one that has a part in the call. */
  #someDn(): string {
    const dns = this.world.call.dns();
    return dns.length === 0 || this.draw.chance(0.1) ? this.draw.pick(DNS) : this.draw.pick(dns);
  }

  #fireNext(): void {
    const { world } = this;
    const [timer, atMs] = [...world.timers].reduce((first, other) => (other[1] < first[1] ? other : first));
    world.nowMs = Math.max(world.nowMs, atMs);
    this.#feed({ kind: 'timer', timer });
  }

  /** Another node carries on; mostly one that knows nothing but this. */
  #restore(): void {
    this.world.restore();
    if (this.draw.chance(0.3)) return;
    // Verdicts were asked for by the process that is gone.
    this.world.offers.clear();
    this.#feed({ kind: 'restored' });
    if (this.draw.chance(0.5)) this.#feed({ kind: 'routersBack', routingPoint: this.draw.pick(['5000', '5001']) });
  }

  /** Everybody goes home; the call must end by itself. */
  #wind(): void {
    const { world } = this;
    for (let rounds = 0; world.endings === 0 && rounds < 50; rounds += 1) {
      const [end] = world.ends.open;
      if (end === undefined) this.#fireNext();
      else this.#goHome(end);
    }
    expect(world.endings).toBe(1);
    this.#feed({ kind: 'request', request: { msg: 'RequestReleaseCall', ThisDN: '7001' }, origin: world.origin('late') });
    this.#feed({ kind: 'timer', timer: 'router' });
  }

  #goHome({ leg, phase }: FarEnd): void {
    if (phase === 'inviting' || phase === 'cancelled') this.#feed({ kind: 'rejected', leg, status: 487, reason: 'Request Terminated' });
    else this.#feed({ kind: 'gone', leg, cause: phase === 'invited' ? 'cancel' : 'bye' });
  }

  #feed(happening: Happening): void {
    this.trace.push(`${this.world.nowMs} > ${JSON.stringify(happening)}`);
    for (const effect of this.world.feed(happening)) this.trace.push(`  < ${JSON.stringify(effect)}`);
  }

  #sdp(end: string, direction = 'sendrecv'): string {
    this.#versions += 1;
    return sdpOf(end, this.#versions, direction);
  }
}

describe('Call, whatever happens to it', () => {
  it(`keeps its invariants in ${SEEDS} random histories`, () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const walk = new Walk(new SeededEntropy(seed));
      try {
        walk.run();
      } catch (error) {
        const effects = walk.world.effects.map((effect) => `  < ${JSON.stringify(effect)}`);
        throw new Error(`seed ${seed}: ${String(error)}\n${[...walk.trace.slice(-60), ...effects].join('\n')}`, { cause: error });
      }
    }
  });
});
