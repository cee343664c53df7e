// Where the Node of `optionalDependencies` lies; this process's own when it is new enough and the package is missing.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function pinnedNode() {
  const file = fileURLToPath(new URL(`../node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url));
  if (existsSync(file)) return file;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  throw new Error(`Cordboard needs Node 22.13 or newer; this is ${process.versions.node}, and node_modules has no newer one. Run: npm install`);
}
