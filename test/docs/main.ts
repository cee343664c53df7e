/** `npm run docs`: writes the pages that are made from tables. */
import { writeFileSync } from 'node:fs';
import { PAGES } from './pages.js';

const docs = new URL('../../../docs/', import.meta.url);
for (const [file, page] of Object.entries(PAGES)) writeFileSync(new URL(file, docs), page());
