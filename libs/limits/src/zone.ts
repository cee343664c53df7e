/**
 * Local time of an IANA time zone, by Intl and a memory of offsets: asking Intl takes microseconds, and a schedule asks often.
 * Local times are in ms as if they were UTC ("wall").
 */

const DAY_MS = 86_400_000;
/** Days and zones remembered at most; a full memory begins anew. */
const DAYS_MAX = 4_096;
const ZONES_MAX = 500;
/** No two clocks of the world are further apart than this. */
const OFFSET_MAX_MS = 26 * 3_600_000;

const zones = new Map<string, Zone>();

/** The zone of that name. Throws RangeError when there is none. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (zones.size >= ZONES_MAX) zones.clear();
  const zone = new Zone(name);
  zones.set(name, zone);
  return zone;
}

export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

export class Zone {
  readonly #format: Intl.DateTimeFormat;
  /** Day since 1970 to the offset at its begin (UTC). */
  readonly #offsets = new Map<number, number>();

  constructor(readonly name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', era: 'short',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
  }

  /** What clocks show at that moment. */
  wallAt(ms: number): number {
    return ms + this.#offsetAt(ms);
  }

  /**
   * The moment at which clocks show `wall`. One that comes twice: the first or the last time, as asked. One that is skipped: the moment of the skip, at
   * which clocks show the next time that exists.
   */
  momentOf(wall: number, which: 'first' | 'last'): number {
    const before = this.#offsetAt(wall - OFFSET_MAX_MS);
    const after = this.#offsetAt(wall + OFFSET_MAX_MS);
    const moments = [wall - before, wall - after].filter((ms) => this.wallAt(ms) === wall);
    if (moments.length > 0) return which === 'first' ? Math.min(...moments) : Math.max(...moments);
    return this.#changeBetween(wall - OFFSET_MAX_MS, wall + OFFSET_MAX_MS, (ms) => this.wallAt(ms) > wall);
  }

  #offsetAt(ms: number): number {
    const day = Math.floor(ms / DAY_MS);
    const offset = this.#offsetOfDay(day);
    const next = this.#offsetOfDay(day + 1);
    if (offset === next) return offset;
    return this.#askOffset(ms);
  }

  #offsetOfDay(day: number): number {
    const known = this.#offsets.get(day);
    if (known !== undefined) return known;
    if (this.#offsets.size >= DAYS_MAX) this.#offsets.clear();
    const offset = this.#askOffset(day * DAY_MS);
    this.#offsets.set(day, offset);
    return offset;
  }

  #askOffset(ms: number): number {
    const second = Math.floor(ms / 1_000) * 1_000;
    const shown: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(second)) shown[type] = value;
    const year = shown['era'] === 'BC' ? 1 - Number(shown['year']) : Number(shown['year']);
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(shown['month']) - 1, Number(shown['day']));
    wall.setUTCHours(Number(shown['hour']), Number(shown['minute']), Number(shown['second']));
    return wall.getTime() - second;
  }

  /** The first moment, to the ms, from which `isPast` holds; it does not at `low`, and does at `high`. */
  #changeBetween(low: number, high: number, isPast: (ms: number) => boolean): number {
    let [before, after] = [low, high];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (isPast(middle)) after = middle; else before = middle;
    }
    return after;
  }
}
