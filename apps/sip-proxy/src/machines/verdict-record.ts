/** A verdict as it is recorded. What a carrier writes may be of any length: it is cut. */
import { type FinalAnswer, formsOf } from '#limits';
import type { CallVerdict } from '#telephony';
import type { TrunkCall } from './trunk-call.js';

/** What was decided; no answer: let in. */
export interface Decided {
  readonly answer?: FinalAnswer;
  /** That refused it. */
  readonly rule?: string;
  /** That would have refused it. */
  readonly shadows: readonly string[];
  readonly division?: string;
  readonly withoutStore?: string;
}

export type VerdictPlace = Pick<CallVerdict, 'id' | 'atMs' | 'proxy' | 'dataCentre'>;

const TEXT_MAX = 200;
const cut = (text: string): string => text.slice(0, TEXT_MAX);

export function verdictName({ answer, shadows }: Decided): CallVerdict['verdict'] {
  if (answer !== undefined) return 'refused';
  return shadows.length > 0 ? 'shadow-refused' : 'passed';
}

export function verdictOf({ dnis, ani, trunk, plan, callId }: TrunkCall, decided: Decided, place: VerdictPlace): CallVerdict {
  const { answer, rule, shadows, division = '', withoutStore = '' } = decided;
  return {
    ...place, verdict: verdictName(decided),
    dnis: cut(dnis), dnisForms: formsOf(dnis, plan).map(cut), ani: cut(ani), aniForms: formsOf(ani, plan).map(cut), trunk,
    sipCode: answer?.status ?? 0, reason: answer?.reason ?? '', rules: rule === undefined ? shadows : [rule, ...shadows],
    division, withoutStore, callId: cut(callId),
  };
}
