/** For specs: walks the state tables of docs/specs against the machines of the same names. */
import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

/** A machine as a table sees it: texts in, texts out. */
export interface Walked {
  readonly state: string;
  /** What the machine does, in order. */
  feed(input: string): readonly string[];
}

export interface StateRow {
  readonly state: string;
  readonly input: string;
  readonly effects: readonly string[];
  readonly next: string;
}

/** The cells of a table under `## name` in docs/specs/`page`, without its head. */
export function tableRows(page: string, name: string): string[][] {
  const text = readFileSync(new URL(`../../../../docs/specs/${page}`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${name}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| ')).slice(1)
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')));
}

export function stateTable(page: string, name: string): StateRow[] {
  return tableRows(page, name).map(([state = '', input = '', effects = '', next = '']) => ({
    state, input, next: next === '' ? state : next, effects: effects === '' ? [] : effects.split(', '),
  }));
}

/**
 * Every row of the table, and for every state and input without a row that nothing happens. The state of the first row is
 * the first state; how the others are reached the rows say.
 */
export function walkStateTable(page: string, name: string, make: () => Walked, inputs: readonly string[]): void {
  const rows = stateTable(page, name);
  const states = [...new Set(rows.flatMap(({ state, next }) => [state, next]))];
  const arrive = (state: string): Walked => {
    const machine = make();
    for (const input of pathTo(state, rows)) machine.feed(input);
    return machine;
  };
  const cells = states.flatMap((state) => inputs.map((input) => rows.find((row) => row.state === state && row.input === input)
    ?? { state, input, effects: [], next: state }));

  it(`${name}: has its rows for these inputs, once each`, () => {
    expect(rows.filter(({ input }) => !inputs.includes(input))).toEqual([]);
    expect(new Set(rows.map(({ state, input }) => `${state} ${input}`)).size).toBe(rows.length);
  });
  it.each(cells.map((cell) => [cell.state, cell.input, cell] as const))(`${name}: %s: %s`, (state, input, { effects, next }) => {
    const machine = arrive(state);
    expect(machine.state).toBe(state);
    expect([...machine.feed(input)]).toEqual(effects);
    expect(machine.state).toBe(next);
  });
}

/** The inputs that lead from the first state to `state`. */
function pathTo(state: string, rows: readonly StateRow[]): readonly string[] {
  const paths = new Map<string, readonly string[]>([[rows[0]?.state ?? '', []]]);
  for (const [from, path] of paths) {
    if (from === state) return path;
    for (const row of rows) if (row.state === from && !paths.has(row.next)) paths.set(row.next, [...path, row.input]);
  }
  throw new Error(`no rows lead to ${state}`);
}
