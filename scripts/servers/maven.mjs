// Files of Maven Central, checked against their SHA-256. A mirror in ~/.m2/settings.xml and what ~/.m2 holds already are used.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

const CENTRAL = 'https://repo.maven.apache.org/maven2';
const AT_ONCE = 8;
const TRIES = 3;
const FILE_TIMEOUT_MS = 120_000;

function repository() {
  const settings = join(homedir(), '.m2/settings.xml');
  const text = existsSync(settings) ? readFileSync(settings, 'utf8').replace(/<!--[\s\S]*?-->/g, '') : '';
  for (const [mirror] of text.matchAll(/<mirror>[\s\S]*?<\/mirror>/g)) {
    const of = /<mirrorOf>\s*(.*?)\s*<\/mirrorOf>/.exec(mirror)?.[1] ?? '';
    const url = /<url>\s*(.*?)\s*<\/url>/.exec(mirror)?.[1];
    if (url !== undefined && of.split(',').some((name) => /^(\*|central|external:\*)$/.test(name.trim()))) return url.replace(/\/$/, '');
  }
  return CENTRAL;
}

const isWhole = (bytes, sha256) => createHash('sha256').update(bytes).digest('hex') === sha256;

async function bytesOf({ path, sha256 }, from) {
  const held = join(homedir(), '.m2/repository', path);
  if (existsSync(held) && isWhole(readFileSync(held), sha256)) return readFileSync(held);
  let reason;
  for (let tried = 0; tried < TRIES; tried += 1) {
    try {
      const response = await fetch(`${from}/${path}`, { signal: AbortSignal.timeout(FILE_TIMEOUT_MS) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!isWhole(bytes, sha256)) throw new Error('another checksum than the pinned one');
      return bytes;
    } catch (error) {
      reason = error.cause?.message ?? error.message;
    }
  }
  throw new Error(`${path}: ${reason}`);
}

/** Puts `files` ({ path, sha256 }) into `folder`; `onFile` hears the number of those that are there. */
export async function download(files, folder, onFile) {
  const from = repository();
  const waiting = [...files];
  let done = 0;
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      writeFileSync(join(folder, basename(file.path)), await bytesOf(file, from));
      done += 1;
      onFile(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
