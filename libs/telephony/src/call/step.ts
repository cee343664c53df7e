/** One input being handled: the call's state, what may be looked up, and where effects go. */
import { assert, type Out } from '#kernel';
import type { KVList } from '#tlib';
import type { RequestOrigin } from '../messages/index.js';
import type { CallState, Party } from './call.state.js';
import type { CallEffect, CallEnvironment, Destination, LegId } from './call.types.js';
import { EMPTY } from './kv.js';

const NOWHERE: Out<CallEffect> = { push: () => undefined };

export class Step {
  out: Out<CallEffect> = NOWHERE;
  nowMs = 0;
  /** Reasons of the request being handled: they go into the event that answers it (tlibrary §3.1). */
  reasons: KVList = EMPTY;

  constructor(readonly call: CallState, readonly env: CallEnvironment) {}

  begin(out: Out<CallEffect>, nowMs: number): void {
    this.out = out;
    this.nowMs = nowMs;
    this.reasons = EMPTY;
  }

  end(): void {
    this.out = NOWHERE;
  }

  push(effect: CallEffect): void {
    this.out.push(effect);
  }

  refuse(origin: RequestOrigin, code: number, message: string, dn?: string): void {
    this.push(dn === undefined ? { kind: 'error', origin, code, message } : { kind: 'error', origin, code, message, dn });
  }

  /** An option in seconds, in milliseconds. */
  secondsMs(name: string, dn?: string): number {
    return Number(this.env.option(name, dn)) * 1000;
  }

  isOn(name: string, dn?: string): boolean {
    return this.env.option(name, dn) === 'true';
  }

  party(id: number): Party | undefined {
    for (const party of this.call.parties) if (party.id === id) return party;
    return undefined;
  }

  /** A party that the state names, and that therefore exists. */
  known(id: number): Party {
    const party = this.party(id);
    assert(party !== undefined, `call ${this.call.identity.connID} names party ${id}, which has left`);
    return party;
  }

  partyOfLeg(leg: LegId): Party | undefined {
    for (const party of this.call.parties) if (party.leg === leg) return party;
    return undefined;
  }

  /** The part of a DN in the call; outside numbers are no DNs. */
  partyOfDn(dn: string): Party | undefined {
    for (const party of this.call.parties) if (party.dn === dn && party.trunk === '') return party;
    return undefined;
  }

  /** Whether the destination takes part already: a DN has at most one part in a call. */
  takesPart(destination: Destination): boolean {
    const { kind } = destination;
    return (kind === 'device' || kind === 'routingPoint') && this.partyOfDn(destination.dn) !== undefined;
  }

  get waiting(): Party | undefined {
    return this.party(this.call.waiting);
  }
}
