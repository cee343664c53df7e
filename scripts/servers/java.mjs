// A Java runtime that Cassandra 5 supports: of the machine, or fetched from its Debian release.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CACHE, cached, progress } from './cache.mjs';
import { extractPackages, ownSuite, relinkConfiguration, run } from './debian.mjs';

const SUPPORTED = [17, 11];
const PACKAGE = 'openjdk-17-jre-headless';
const ARCH = { x64: 'amd64', arm64: 'arm64' }[process.arch];
const within = (folder) => join(folder, `usr/lib/jvm/java-17-openjdk-${ARCH}/bin/java`);

/** The path of `java`, or undefined. */
export function findJava() {
  const home = process.env.JAVA_HOME;
  return [...(home === undefined ? [] : [join(home, 'bin/java')]), 'java', within(join(CACHE, 'java'))].find(isSupported);
}

function isSupported(file) {
  const { stderr } = spawnSync(file, ['-version'], { encoding: 'utf8' });
  return SUPPORTED.includes(Number(/version "(\d+)/.exec(stderr ?? '')?.[1]));
}

/** @throws Error with the reason */
export async function fetchJava() {
  const found = findJava();
  if (found !== undefined) return found;
  const folder = await cached('java', (place) => {
    const suite = ownSuite();
    progress(`fetching ${PACKAGE} from Debian ${suite}`);
    extractPackages(suite, [PACKAGE], place);
    relinkConfiguration(place);
    run(within(place), ['-version']);
  });
  return within(folder);
}
