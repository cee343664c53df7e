// House rules: who may import whom (docs/architecture.md), and what may not stand in the tree. A breach names file and edge.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { posix } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Libs by floor: a lib may import libs of lower floors only. */
const FLOORS = [
  ['kernel'],
  ['sip', 'tlib', 'cluster', 'store', 'config', 'observability'],
  ['telephony', 'tier', 'softphone', 'limits'],
  ['limits-store'],
  ['simulation'],
];
const floorOf = (lib) => FLOORS.findIndex((floor) => floor.includes(lib));

/** Parts that hold pure machines: no I/O, no framework, no clock, no randomness. */
const PURE = [
  /^libs\/(telephony|limits)\/src\//,
  /^libs\/sip\/src\/(?!transport\/|transaction\/transaction-layer)/,
  /^libs\/tlib\/src\/(messages|codec|session)\//,
  /^(apps|libs)\/[^/]+\/src\/machines\//,
  /^libs\/cluster\/src\/(stream|membership\/membership\.ts|pair\/(?!fenced|.*fixture)|hlc|rendezvous)/,
];
// node:net is let in for isIP, which opens nothing; node:crypto for hashes.
const IMPURE_IMPORT = /^(node:(?!crypto$|buffer$|net$)|@nestjs\/|@nats-io\/|ioredis|pino|prom-client|cassandra-driver|rxjs)/;
const LINE_MAX = 160;
/** Tests hold messages and tables of cases. */
const LINE_MAX_TEST = 200;
/** Rows of tables read better unbroken. */
const TABLE_ROW = /^\s*(option\(|\['|\| \{ readonly)/;
const IMPURE_CALL = /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.env|performance\.now)\b/;

/** Driver packages, and the only places that may import them. */
const DRIVERS = [
  [/^@nats-io\//, /^(libs\/cluster\/src\/|test\/)/],
  [/^ioredis$/, /^(libs\/store\/src\/.*drivers\/|test\/)/],
  [/^cassandra-driver$/, /^(libs\/store\/src\/.*drivers\/|test\/)/],
  [/^pino$|^prom-client$/, /^libs\/observability\//],
  [/^dns-packet$/, /^(libs\/sip\/src\/transport\/|apps\/dns-server\/|test\/)/],
  [/^(sip|dns2)$/, /^test\//],
  [/^yaml$/, /^(libs\/config\/|apps\/console\/|apps\/cordboard\/|test\/)/],
  [/^zod$/, /^(libs\/(config|limits|limits-store)\/|apps\/console\/|apps\/cordboard\/|test\/)/],
];

const problems = [];
const problem = (file, text) => problems.push(`${file}: ${text}`);

function* sources(folder) {
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(ts|mjs)$/.test(entry.name)) yield path;
  }
}

function importsOf(text) {
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\('([^']+)'\)/g)]
    .map((match) => match[1] ?? match[2] ?? match[3]);
}

function checkImport(file, specifier, isTest) {
  const [room, name] = file.split('/');
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(file), specifier));
    const [targetRoom, targetName] = target.split('/');
    if (targetRoom === room && targetName === name) return;
    if (room === 'apps' && name === 'cordboard' && targetRoom === 'apps') return;
    if (room === 'test' || room === 'bench' || isTest) return;
    problem(file, `imports ${target}; ${room}/${name} may reach other rooms by their #entry only`);
    return;
  }
  if (specifier.startsWith('#')) {
    const lib = specifier.slice(1).split('/')[0];
    if (lib === 'servers' && !['test', 'bench', 'infra'].includes(room) && !isTest) problem(file, `imports ${specifier}; it is for tests, benches and infra`);
    if (room !== 'libs' || lib === name) return;
    if (isTest && lib === 'simulation') return;
    if (floorOf(lib) >= floorOf(name) && !(name === 'simulation' && lib === 'simulation')) {
      problem(file, `imports ${specifier}; libs/${name} stands on floor ${floorOf(name)}, #${lib} on floor ${floorOf(lib)}`);
    }
    return;
  }
  if (isTest) return;
  for (const [driver, allowed] of DRIVERS) {
    if (driver.test(specifier) && !allowed.test(file)) problem(file, `imports the driver package ${specifier}; only ${allowed} may`);
  }
  if (/^@nestjs\//.test(specifier) && room === 'libs' && !/^libs\/(tlib\/src\/server|tier)\//.test(file)) {
    problem(file, `imports ${specifier}; only libs/tlib/src/server and libs/tier know the framework`);
  }
}

for (const folder of ['apps', 'libs', 'infra', 'test', 'bench']) {
  for (const file of sources(folder)) {
    const text = readFileSync(`${root}${file}`, 'utf8');
    const isTest = /\.(spec|e2e-spec|fixture)\.ts$|(^|\/)(contract|testing)\.ts$|(^|\/)fixtures\/|^libs\/simulation\//.test(file);
    for (const specifier of importsOf(text)) checkImport(file, specifier, isTest);
    if (!isTest && PURE.some((part) => part.test(file))) {
      for (const specifier of importsOf(text)) {
        if (IMPURE_IMPORT.test(specifier)) problem(file, `is a pure part and imports ${specifier}`);
      }
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
      const call = IMPURE_CALL.exec(code);
      if (call !== null) problem(file, `is a pure part and uses ${call[0]}; take it as an input or by a port`);
    }
    if (/export \* from/.test(text) && !/export type \* from/.test(text)) problem(file, 'uses export *; name what is exported');
    for (const [index, line] of text.split('\n').entries()) {
      const longest = isTest ? LINE_MAX_TEST : LINE_MAX;
      if (line.length > longest && !TABLE_ROW.test(line)) problem(file, `line ${index + 1} has ${line.length} characters; at most ${longest}`);
      if (/\b(describe|it|test)\.only\b/.test(line)) problem(file, `line ${index + 1} leaves .only behind`);
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`${problems.length} breaches of the house rules`);
  process.exit(1);
}
