/** One option as operators write it: its name, what it accepts, and why its default is what it is. */

/** Where an option may stand. A narrower level wins: DN over application over cluster. */
export type OptionLevel = 'cluster' | 'sip-proxy' | 'sip-server' | 'vq-server' | 'router' | 'dns-server' | 'console' | 'recorder'
  | 'Extension' | 'RoutingPoint' | 'VirtualQueue' | 'Trunk';

export type OptionKind =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** Comma-separated; each element one of `values`, or anything when there are none. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  /** A number with a unit, such as `300 msec`, `5 min`; a bare number is in `unit`. Stored in milliseconds. */
  | { readonly kind: 'duration'; readonly unit: 'msec' | 'sec'; readonly maxMs: number }
  /** `expected` finishes the sentence "must be ...". */
  | { readonly kind: 'text'; readonly pattern: RegExp; readonly expected: string; readonly secret?: boolean };

export interface OptionDefinition {
  readonly name: string;
  readonly type: OptionKind;
  /** In the option's own unit; a duration in milliseconds. */
  readonly default: string;
  readonly levels: readonly OptionLevel[];
  /** What it does and why the default is right, for docs/configuration.md. */
  readonly meaning: string;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  msec: 1, ms: 1, sec: 1000, s: 1000, min: 60_000, hr: 3_600_000, h: 3_600_000,
};

/** What an option accepts, in words. */
export function expectation(type: OptionKind): string {
  switch (type.kind) {
    case 'integer': return `an integer from ${type.min} to ${type.max}${type.unit === '' ? '' : ` (${type.unit})`}`;
    case 'boolean': return 'true or false';
    case 'choice': return `one of: ${type.values.join(', ')}`;
    case 'list': return type.values.length === 0 ? 'a comma-separated list' : `a comma-separated list of: ${type.values.join(', ')}`;
    case 'duration': return `a duration such as "300 msec", "5 sec" or "2 min", at most ${type.maxMs / 1000} sec`;
    case 'text': return type.expected;
  }
}

/** The value in its stored form, or undefined when the option does not accept it. */
export function acceptValue(type: OptionKind, written: string): string | undefined {
  const text = written.trim();
  switch (type.kind) {
    case 'integer': {
      if (!/^-?\d{1,9}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= type.min && value <= type.max ? String(value) : undefined;
    }
    case 'boolean': {
      const lower = text.toLowerCase();
      return lower === 'true' || lower === 'false' ? lower : undefined;
    }
    case 'choice': return type.values.includes(text) ? text : undefined;
    case 'list': {
      const elements = text === '' ? [] : text.split(',').map((element) => element.trim());
      const known = type.values.length === 0 || elements.every((element) => type.values.includes(element));
      return known && !elements.includes('') ? elements.join(',') : undefined;
    }
    case 'duration': {
      const match = /^(\d{1,9})\s*([a-z]*)$/.exec(text);
      if (match === null) return undefined;
      const factor = UNITS_MS[match[2] === '' ? type.unit : match[2] as string];
      if (factor === undefined) return undefined;
      const ms = Number(match[1]) * factor;
      return ms <= type.maxMs ? String(ms) : undefined;
    }
    case 'text': return type.pattern.test(text) ? text : undefined;
  }
}
