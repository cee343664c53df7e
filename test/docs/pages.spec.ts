import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { PAGES } from './pages.js';

const text = (file: string): string => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');

it.each(Object.keys(PAGES))('docs/%s is what "npm run docs" makes', (file) => {
  expect(text(file)).toBe(PAGES[file]!());
});

it('the router in the README of libs/tlib is examples/route.ts', () => {
  const example = text('../examples/route.ts').replace(/^\/\*\*[\s\S]*?\*\/\n/, '');
  expect(text('../libs/tlib/README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
});

describe('docs/asyncapi.yaml', () => {
  type Json = { readonly [key: string]: Json };
  const document = parse(text('asyncapi.yaml')) as Json;
  const at = (path: string): unknown => path.slice(2).split('/').reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);

  function* references(node: unknown): Generator<string> {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref') yield value as string;
      else yield* references(value);
    }
  }

  it('is AsyncAPI 3.0 with all its parts', () => {
    expect(document['asyncapi']).toBe('3.0.0');
    expect(Object.keys(document['info']!)).toEqual(expect.arrayContaining(['title', 'version']));
    for (const operation of Object.values(document['operations']!)) {
      expect(['send', 'receive']).toContain(operation['action']);
      expect(operation['channel']).toBeDefined();
    }
  });

  it('has no reference that leads nowhere', () => {
    const all = [...references(document)];
    expect(all.length).toBeGreaterThan(500);
    expect([...new Set(all)].filter((reference) => at(reference) === undefined)).toEqual([]);
  });

  it('lets each operation use messages of its own channel only', () => {
    for (const operation of Object.values(document['operations']!)) {
      const channel = (operation['channel'] as unknown as { $ref: string }).$ref;
      for (const reference of references({ messages: operation['messages'], reply: operation['reply'] })) expect(reference.startsWith(channel)).toBe(true);
    }
  });

  it('has messages whose payload says what it needs', () => {
    const routeCall = at('#/components/messages/RequestRouteCall/payload') as { required: string[]; properties: Json };
    expect(routeCall.required).toEqual(['msg', 'ThisDN', 'ConnID']);
    expect(routeCall.properties['RouteType']).toEqual({ $ref: '#/components/schemas/RouteType' });
  });
});
