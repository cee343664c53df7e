/** `npm run docs`: writes the pages that are made from tables. */
import { writeFileSync } from 'node:fs';
import { configurationPage, protocolPage } from './pages.js';

const docs = new URL('../../../docs/', import.meta.url);
writeFileSync(new URL('configuration.md', docs), configurationPage());
writeFileSync(new URL('tlib-protocol.md', docs), protocolPage());
