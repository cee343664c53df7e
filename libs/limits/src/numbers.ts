/** Telephone numbers as E.164, so that `+81…`, `0…` and `0081…` of one caller are one number. What cannot be a number stays as it is written. */

/** How the numbers of a trunk are written: its options `country-code`, `trunk-prefix` and `international-prefix`. */
export interface NumberPlan {
  /** Digits. Not given: only numbers with a plus are E.164. */
  readonly countryCode?: string;
  /** Stands before a national number. Empty: every number without a plus is a national one. */
  readonly trunkPrefix: string;
  /** Stand before a country code; the longest that fits counts. */
  readonly internationalPrefixes: readonly string[];
}

export const DEFAULT_PLAN: NumberPlan = { trunkPrefix: '0', internationalPrefixes: ['00'] };

/** ITU-T E.164 §6: 15 digits at most, and no country code begins with 0. */
const E164 = /^\+[1-9]\d{1,14}$/;
const PLAIN = /^\+?\d+$/;
/** RFC 3966 §5.1.1. */
const VISUAL_SEPARATORS = /[-.() ]/g;

/** The number as `+` and digits, or as it is written. `written` is the user part of a SIP URI. */
export function toE164(written: string, plan: NumberPlan): string {
  const digits = dialled(written);
  if (digits === undefined) return written;
  const candidate = digits.startsWith('+') ? digits : withPlus(digits, plan);
  return candidate !== undefined && E164.test(candidate) ? candidate : written;
}

/** Both forms in which a number may stand in a rule or a list: as E.164, and as it is written; one when they are the same. */
export function formsOf(written: string, plan: NumberPlan): readonly string[] {
  const number = toE164(written, plan);
  return number === written ? [written] : [number, written];
}

/** `+` and digits, or digits, without separators and parameters; undefined when it is no number. */
function dialled(written: string): string | undefined {
  if (PLAIN.test(written)) return written;
  const end = written.indexOf(';');
  // RFC 3966 §5.1.5: a local number with a context of its own means nothing without it.
  if (end >= 0 && /;phone-context=/i.test(written)) return undefined;
  const bare = (end < 0 ? written : written.slice(0, end)).replace(VISUAL_SEPARATORS, '');
  return PLAIN.test(bare) ? bare : undefined;
}

function withPlus(digits: string, plan: NumberPlan): string | undefined {
  if (plan.countryCode === undefined) return undefined;
  let international = '';
  for (const prefix of plan.internationalPrefixes) {
    if (prefix.length > international.length && digits.startsWith(prefix)) international = prefix;
  }
  if (international !== '') return `+${digits.slice(international.length)}`;
  const national = digits.slice(plan.trunkPrefix.length);
  return digits.startsWith(plan.trunkPrefix) && national !== '' ? `+${plan.countryCode}${national}` : undefined;
}
