/** The demo's one screen as lines of text, and its summary. */
import type { Outcomes, SeatState, SeatView } from './floor.js';

export interface Picture {
  readonly title: string;
  readonly elapsedMs: number;
  readonly nowMs: number;
  /** Started by callers. */
  readonly started: number;
  readonly live: { readonly queued: number; readonly ringing: number; readonly talking: number };
  readonly outcomes: Outcomes;
  readonly refused: number;
  readonly callsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly events: number;
  readonly seats: readonly SeatView[];
}

const PAINT: Readonly<Record<SeatState, number>> = {
  'logged out': 90, 'not ready': 31, 'after call': 35, ready: 32, ringing: 33, talking: 36,
};
const CELL = 34;

/** At most `rows` lines of at most `columns` characters, colours not counted. */
export function draw(picture: Picture, columns: number, rows: number): string[] {
  const across = Math.max(1, Math.floor(columns / CELL));
  const cells = [...picture.seats].sort((a, b) => (a.dn < b.dn ? -1 : 1)).map((seat) => cell(seat, picture.nowMs));
  const lines = headOf(picture).map((line) => line.slice(0, columns));
  for (let at = 0; at < cells.length; at += across) lines.push(cells.slice(at, at + across).join(''));
  return lines.slice(0, rows);
}

function headOf(picture: Picture): string[] {
  const { live, callsPerSecond, eventsPerSecond, events, started } = picture;
  const { answered, abandoned, defaultRouted } = picture.outcomes;
  const refused = picture.refused > 0 ? `   refused ${picture.refused}` : '';
  return [
    `${picture.title}   ${clockText(picture.elapsedMs)}   Ctrl-C ends`,
    '',
    `calls now     queued   ${pad(live.queued, 3)}   ringing   ${pad(live.ringing, 3)}   talking        ${pad(live.talking, 3)}`,
    `calls ended   answered ${pad(answered, 3)}   abandoned ${pad(abandoned, 3)}   default-routed ${pad(defaultRouted, 3)}${refused}`,
    `rates         ${callsPerSecond.toFixed(1)} calls/s   ${eventsPerSecond.toFixed(1)} events/s   ${started} calls and ${events} events in all`,
    '',
  ];
}

/** The same on one line, for output that is no terminal. */
export function oneLine({ elapsedMs, live, outcomes, callsPerSecond, eventsPerSecond, seats, refused }: Picture): string {
  const ready = seats.filter(({ state }) => state === 'ready').length;
  return `${clockText(elapsedMs)} queued ${live.queued} ringing ${live.ringing} talking ${live.talking} | answered ${outcomes.answered} abandoned ${
    outcomes.abandoned} default-routed ${outcomes.defaultRouted}${refused > 0 ? ` refused ${refused}` : ''} | agents ${seats.length} ready ${ready} | ${
    callsPerSecond.toFixed(1)} calls/s ${eventsPerSecond.toFixed(1)} events/s`;
}

export interface Accounts {
  readonly started: number;
  readonly callers: Outcomes;
  /** Calls that ended in none of the three, by the status their callers saw. */
  readonly refused: ReadonlyMap<number, number>;
  readonly monitor: Outcomes;
  readonly events: number;
}

/** What both sides counted, and whether it adds up. */
export function summary({ started, callers, refused, monitor, events }: Accounts): { readonly lines: string[]; readonly addsUp: boolean } {
  const row = (who: string, outcomes: Outcomes) => `${who.padEnd(22)} answered ${pad(outcomes.answered)}   abandoned ${pad(outcomes.abandoned)}`
    + `   default-routed ${pad(outcomes.defaultRouted)}   sum ${pad(sum(outcomes))}`;
  const others = [...refused].map(([status, count]) => `${count} with ${status}`).join(', ');
  const addsUp = sum(callers) === started && refused.size === 0
    && (['answered', 'abandoned', 'defaultRouted'] as const).every((how) => callers[how] === monitor[how]);
  return {
    lines: [
      `${started} calls, ${events} events`,
      row('as the callers saw it', callers), row('as the monitor saw it', monitor),
      ...(others === '' ? [] : [`in none of the three: ${others}`]),
      addsUp ? 'every call is in exactly one of them' : 'THE NUMBERS DO NOT ADD UP',
    ],
    addsUp,
  };
}

const sum = ({ answered, abandoned, defaultRouted }: Outcomes): number => answered + abandoned + defaultRouted;

function cell({ agentID, dn, state, sinceMs }: SeatView, nowMs: number): string {
  const name = (agentID === '' ? dn : agentID).slice(0, 12).padEnd(12);
  return `${name} \u001b[${PAINT[state]}m${state.padEnd(10)}\u001b[0m ${clockText(nowMs - sinceMs).padEnd(CELL - 24)}`;
}

function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${h > 0 ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s).padStart(2, '0')}`;
}

const pad = (value: number, width = 5): string => String(value).padStart(width);
