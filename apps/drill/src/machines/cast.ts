/** Who plays what: phones, agents and callers of a drill, spread over the data centres. Pure. */
import type { Stage } from './stage.js';

export interface Seat {
  readonly dn: string;
  readonly password: string;
  readonly agentID: string;
  readonly dataCentre: string;
}

export interface HeldCall {
  readonly from: string;
  /** Where its caller comes in. */
  readonly dataCentre: string;
  readonly seat: Seat;
}

export interface QueuedCall {
  readonly from: string;
  readonly dataCentre: string;
}

export interface Cast {
  readonly held: readonly HeldCall[];
  readonly queued: readonly QueuedCall[];
  /** Agents of the router, for new calls. */
  readonly floor: readonly Seat[];
  /** Whom calls are transferred to. */
  readonly spare: readonly Seat[];
  readonly points: { readonly held: string; readonly queued: string; readonly probe: string };
  /** Where new calls go; undefined without a router. */
  readonly routedPoint: string | undefined;
  readonly perSecond: number;
}

export interface CastWishes {
  readonly calls: number;
  /** New calls; at least 1 and at most PER_SECOND_MAX of them are made. */
  readonly perSecond: number;
}

/** New calls. */
export const PER_SECOND_MAX = 50;
/** One of so many held calls has its ends in two data centres. */
const CROSSING = 10;
/** A conversation, with what comes before and after it; agents for half as many more calls. */
const SEATS_FOR_A_CALL_PER_SECOND = 3;
const SPARE_MAX = 20;

/** One queued call for ten held ones. */
export const queuedFor = (calls: number): number => Math.ceil(calls / 10);

/** @throws Error that says how many calls would do */
export function castFor(stage: Stage, { calls, perSecond: wanted }: CastWishes): Cast {
  const [held, queued, probe] = stage.freePoints;
  if (held === undefined || queued === undefined || probe === undefined) throw new Error('a drill needs three Routing Points that no router serves');
  const names = stage.dataCentres.map(({ name }) => name);
  const perSecond = stage.routed === undefined ? 0 : Math.min(PER_SECOND_MAX, Math.max(1, wanted));
  const agents = Math.max(2 * names.length, Math.ceil(perSecond * SEATS_FOR_A_CALL_PER_SECOND));
  const floorSize = Math.min(stage.routed?.agentIDs.length ?? 0, agents);
  const spareSize = Math.min(SPARE_MAX, Math.max(names.length, Math.ceil(calls / 20)));
  const needed = calls + floorSize + spareSize;
  const { length } = stage.phones;
  if (needed > length) throw new Error(`${calls} calls need ${needed} phones that register, and the configuration has ${length}: ask for fewer with --calls`);
  let next = 0;
  const seat = (n: number, agentID: (dn: string) => string, at = names[n % names.length] as string): Seat => {
    const { dn, password } = stage.phones[next] as Stage['phones'][number];
    next += 1;
    return { dn, password, agentID: agentID(dn), dataCentre: at };
  };
  const floor = Array.from({ length: floorSize }, (_, n) => seat(n, () => stage.routed?.agentIDs[n] as string));
  const spare = Array.from({ length: spareSize }, (_, n) => seat(n, (dn) => `drill-${dn}`));
  return {
    floor, spare, perSecond, routedPoint: stage.routed?.point, points: { held, queued, probe },
    held: Array.from({ length: calls }, (_, n) => {
      const at = names[n % names.length] as string;
      const crosses = n % CROSSING === CROSSING - 1 && names.length > 1;
      const far = names[(n + 1) % names.length] as string;
      return { from: number('1', n), dataCentre: at, seat: seat(n, (dn) => `drill-${dn}`, crosses ? far : at) };
    }),
    queued: Array.from({ length: queuedFor(calls) }, (_, n) => ({ from: number('2', n), dataCentre: names[n % names.length] as string })),
  };
}

/** Callers' numbers, one for each call: the first digit says what it is for. */
export const number = (kind: '1' | '2' | '3' | '4', n: number): string => `+4930${kind}${String(n).padStart(7, '0')}`;
