// Programs out of Debian's packages, through an apt root of its own: nothing on the machine changes.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });

/** The release that this machine runs: libraries of others may ask for a newer libc. */
export function ownSuite() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  if (!/^ID=debian/m.test(release) || suite === undefined) throw new Error('not a Debian release');
  return suite;
}

/** Extracts `packages` of `suite` into `folder`. */
export function extractPackages(suite, packages, folder) {
  const root = aptRoot(suite);
  try {
    const env = { ...process.env, APT_CONFIG: join(root, 'apt.conf') };
    run('apt-get', ['update'], { env, timeout: 120_000 });
    run('apt-get', ['download', ...packages.map((name) => `${name}/${suite}`)], { env, cwd: root, timeout: 300_000 });
    for (const file of readdirSync(root)) {
      if (file.endsWith('.deb')) run('dpkg-deb', ['-x', join(root, file), folder]);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Links that lead to the machine's /etc lead to the package's own afterwards, from wherever `folder` is moved to. */
export function relinkConfiguration(folder, depth = 0, inside = folder) {
  for (const entry of readdirSync(inside, { withFileTypes: true })) {
    const path = join(inside, entry.name);
    if (entry.isDirectory()) relinkConfiguration(folder, depth + 1, path);
    else if (entry.isSymbolicLink() && readlinkSync(path).startsWith('/etc/')) {
      const target = '../'.repeat(depth) + readlinkSync(path).slice(1);
      rmSync(path);
      symlinkSync(target, path);
    }
  }
}

export const reasonOf = (error) => String(error.stderr || error.message).trim().split('\n').at(-1);

export function debianMirror() {
  const sites = run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']).split('\n');
  const site = sites.find((line) => /\/debian\/?$/.test(line));
  if (site === undefined) throw new Error('no Debian mirror in /etc/apt');
  return site;
}

function aptRoot(suite) {
  const site = debianMirror();
  const root = mkdtempSync(join(tmpdir(), 'cordboard-apt-'));
  mkdirSync(join(root, 'lists/partial'), { recursive: true });
  mkdirSync(join(root, 'cache/archives/partial'), { recursive: true });
  const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  writeFileSync(join(root, 'sources.list'), `deb ${signed}${site} ${suite} main\n`);
  writeFileSync(join(root, 'apt.conf'), [
    `Dir::Etc::sourcelist "${join(root, 'sources.list')}";`, 'Dir::Etc::sourceparts "/dev/null";',
    `Dir::State::lists "${join(root, 'lists')}";`, `Dir::Cache "${join(root, 'cache')}";`, 'APT::Sandbox::User "root";', '',
  ].join('\n'));
  return root;
}
