// Fetches the nats-server that the tests run against into .cache/servers, from a newer Debian suite through an apt root of
// its own: nothing on the machine changes. Prints the file. Ends with 1 and a reason when there is no way to get it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache/servers/', import.meta.url));
const binary = join(cache, 'out/usr/sbin/nats-server');
// Newest first; the first that has a package which starts here is taken.
const SUITES = ['forky', 'trixie', 'bookworm'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

const run = (command, args, options = {}) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });

function mirror() {
  const sites = run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']).split('\n');
  const site = sites.find((line) => /\/debian\/?$/.test(line));
  if (site === undefined) throw new Error('no Debian mirror in /etc/apt');
  return site;
}

function aptRoot(suite, site) {
  const root = join(cache, 'apt', suite);
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

function fetchFrom(suite, site) {
  const root = aptRoot(suite, site);
  const env = { ...process.env, APT_CONFIG: join(root, 'apt.conf') };
  run('apt-get', ['update'], { env, timeout: 120_000 });
  run('apt-get', ['download', `nats-server/${suite}`], { env, cwd: root, timeout: 120_000 });
  const archive = readdirSync(root).find((file) => file.endsWith('.deb'));
  rmSync(join(cache, 'out'), { recursive: true, force: true });
  run('dpkg-deb', ['-x', join(root, archive), join(cache, 'out')]);
  run(binary, ['--version']);
  rmSync(join(cache, 'apt'), { recursive: true, force: true });
}

function fetchServer() {
  if (existsSync(binary)) return;
  const site = mirror();
  const reasons = [];
  for (const suite of SUITES) {
    try {
      return fetchFrom(suite, site);
    } catch (error) {
      reasons.push(`${suite}: ${String(error.stderr || error.message).trim().split('\n').at(-1)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

try {
  fetchServer();
  console.log(binary);
} catch (error) {
  console.error(`no nats-server: ${error.message}`);
  process.exitCode = 1;
}
