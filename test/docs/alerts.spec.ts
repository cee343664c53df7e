/** Alarms that nobody can raise, or nobody can look up, are worse than none. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const { groups } = parse(read('infra/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

function registeredMetrics(): Set<string> {
  const names = new Set<string>();
  for (const folder of ['apps', 'libs']) {
    for (const entry of readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('.ts') || entry.endsWith('.spec.ts')) continue;
      for (const [, name] of read(`${folder}/${entry}`).matchAll(/\.?(?:counter|gauge)\('([a-z_]+)'/g)) names.add(`cordboard_${name}`);
    }
  }
  return names;
}

describe('alarms', () => {
  const known = registeredMetrics();
  const explained = /## Alarms\n([\s\S]*?)(\n## |$)/.exec(read('docs/operate.md'))?.[1] ?? '';

  it.each(rules)('$alert asks metrics that exist', ({ expr }) => {
    const asked = expr.match(/cordboard_[a-z_]+/g) ?? [];
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    expect(asked.length > 0 || expr.startsWith('up{')).toBe(true);
  });

  it.each(rules)('$alert is explained in docs/operate.md', ({ alert, labels, annotations }) => {
    expect(explained).toContain(`| ${alert} |`);
    expect(['info', 'warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
  });

  it('explains no alarm that does not exist', () => {
    const names = [...explained.matchAll(/^\| (Cordboard\w+) \|/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});
