/**
 * Runs `scenarios/*.txt`: each row of docs/specs/call.md has a scenario of its number. After a wanted change,
 * `--globals '{"rewrite":true}'` writes down what the call does now, and the difference is reviewed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseScenarios, runScenario, type Scenario } from './scenario.fixture.js';

const FOLDER = new URL('./scenarios/', import.meta.url);
const SPECIFICATION = new URL('../../../../docs/specs/call.md', import.meta.url);
const rewrite = (globalThis as { readonly rewrite?: boolean }).rewrite === true;

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt')).sort();
const scenariosOf = (file: string): Scenario[] => parseScenarios(readFileSync(new URL(file, FOLDER), 'utf8'));

for (const file of files) {
  const scenarios = scenariosOf(file);
  if (rewrite) {
    const texts = scenarios.map((scenario) => `=== ${scenario.id} ${scenario.title}\n${runScenario(scenario).join('\n')}\n`);
    writeFileSync(new URL(file, FOLDER), texts.join('\n'));
  }
  describe(file.replace('.txt', ''), () => {
    it.each(scenarios.map((scenario) => [`${scenario.id} ${scenario.title}`, scenario] as const))('%s', (_title, scenario) => {
      expect(runScenario(scenario)).toEqual(scenario.lines);
    });
  });
}

describe('docs/specs/call.md', () => {
  it('has a scenario for each row, and a row for each scenario', () => {
    const rows = [...readFileSync(SPECIFICATION, 'utf8').matchAll(/^\| ([A-Z]-\d\d) \|/gm)].map((match) => match[1]);
    const ids = files.flatMap((file) => scenariosOf(file).map((scenario) => scenario.id));
    expect([...ids].sort()).toEqual([...new Set(rows)].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });
});
