import { readFileSync } from 'node:fs';
import { configurationPage, protocolPage } from './pages.js';

it.each([['configuration.md', configurationPage], ['tlib-protocol.md', protocolPage]])('docs/%s is what "npm run docs" makes', (file, page) => {
  expect(readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')).toBe(page());
});
