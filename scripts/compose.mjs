// `npm run compose -- VERB`: the containers of infra/compose.yaml on a machine that has only Debian and no image registry.
//   install  docker, debootstrap and compose, and a daemon when none runs     images  base images under their public names
//   up       builds and starts, resolves when all are healthy                 smoke   a call from dc2 to a phone in dc1, by SRV name
//   down     stops and removes, stores too                                    all     install, images, up, smoke, down
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install as installPackages } from './install.mjs';
import { build } from './build.mjs';
import { pinnedNode } from './pinned-node.mjs';
import { debianMirror, extractPackages, reasonOf } from './servers/debian.mjs';
import { javaOptions } from './servers/cassandra-java.mjs';
import { fetchCassandra, fetchNats } from './servers/index.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPOSE = join(ROOT, 'infra/compose.yaml');
const PLUGIN = join(homedir(), '.docker/cli-plugins/docker-compose');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** The newest that starts here. */
const COMPOSE_SUITES = ['forky', 'trixie'];
const DAEMON_MS = 30_000;

const say = (text) => console.error(`cordboard: ${text}`);
const run = (file, args, options = {}) => execFileSync(file, args, { stdio: ['ignore', 2, 2], ...options });
const docker = (...args) => run('docker', args, { env: { ...process.env, DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' } });
const compose = (...args) => docker('compose', '-f', COMPOSE, ...args);
const works = (file, ...args) => spawnSync(file, args, { stdio: 'ignore' }).status === 0;
const hasImage = (name) => works('docker', 'image', 'inspect', name);

async function install() {
  if (!works('docker', '--version') || !works('debootstrap', '--version') || !works('iptables', '--version')) {
    say('installing docker.io, debootstrap and iptables');
    run('apt-get', ['install', '-y', '--no-install-recommends', 'docker.io', 'debootstrap', 'iptables'], { stdio: ['ignore', 'ignore', 2] });
  }
  if (!works('docker', 'compose', 'version')) installCompose();
  if (works('docker', 'info')) return;
  say('starting dockerd');
  const log = openSync(join(tmpdir(), 'cordboard-dockerd.log'), 'w');
  spawn('dockerd', ['--storage-driver=overlay2'], { detached: true, stdio: ['ignore', log, log] }).unref();
  const untilMs = performance.now() + DAEMON_MS;
  while (!works('docker', 'info')) {
    if (performance.now() > untilMs) throw new Error(`dockerd does not start; see ${join(tmpdir(), 'cordboard-dockerd.log')}`);
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
}

function installCompose() {
  const reasons = [];
  for (const suite of COMPOSE_SUITES) {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    try {
      say(`fetching docker compose from Debian ${suite}`);
      extractPackages(suite, ['docker-compose'], folder);
      mkdirSync(join(homedir(), '.docker/cli-plugins'), { recursive: true });
      copyFileSync(join(folder, 'usr/libexec/docker/cli-plugins/docker-compose'), PLUGIN);
      if (works('docker', 'compose', 'version')) return;
      reasons.push(`${suite}: does not start`);
    } catch (error) {
      reasons.push(`${suite}: ${reasonOf(error)}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  throw new Error(`no docker compose: ${reasons.join('; ')}`);
}

/** Makes each base image that is not there, for machines that reach Debian's packages and no registry of images. */
async function images() {
  if (!hasImage('debian:bookworm-slim')) importDebian();
  made('node:24-bookworm-slim', ['COPY node /usr/local/bin/node', 'COPY npm /usr/local/lib/node_modules/npm',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm', `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES} npm_config_registry=${npmRegistry()}`,
  ], (folder) => {
    copyFileSync(pinnedNode(), join(folder, 'node'));
    cpSync('/usr/lib/node_modules/npm', join(folder, 'npm'), { recursive: true, dereference: true });
  });
  const nats = await fetchNats();
  made('nats:2', ['COPY nats-server /usr/local/bin/nats-server', 'RUN mkdir /data', 'ENTRYPOINT ["nats-server"]'],
    (folder) => copyFileSync(nats, join(folder, 'nats-server')));
  const { jars } = await fetchCassandra();
  made('cassandra:5', ['RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*',
    'RUN useradd --system --uid 999 cassandra && mkdir -p /var/lib/cassandra && chown cassandra /var/lib/cassandra', 'COPY lib /opt/cassandra/lib',
    'COPY java.args start.sh /opt/cassandra/', 'USER cassandra', 'ENTRYPOINT ["bash", "/opt/cassandra/start.sh"]'], (folder) => {
    cpSync(jars, join(folder, 'lib'), { recursive: true });
    copyFileSync(join(ROOT, 'infra/compose/cassandra/start.sh'), join(folder, 'start.sh'));
    const options = javaOptions('/tmp/conf', 0).filter((option) => !/^-Xm[sx]|storagedir|tmpdir/.test(option));
    writeFileSync(join(folder, 'java.args'), [...options, '-Dcassandra.storagedir=/var/lib/cassandra', ''].join('\n'));
  });
  made('redis:7', ['RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* && mkdir -p /data'], () => {});
}

const npmRegistry = () => execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();

function importDebian() {
  const folder = mkdtempSync(join(tmpdir(), 'debian-'));
  try {
    say('making debian:bookworm-slim');
    run('debootstrap', ['--variant=minbase', 'bookworm', join(folder, 'root'), debianMirror()], { stdio: ['ignore', 'ignore', 2] });
    // Packages and modules are fetched through whatever this machine trusts.
    mkdirSync(join(folder, 'root/etc/ssl/certs'), { recursive: true });
    copyFileSync(CERTIFICATES, join(folder, 'root', CERTIFICATES));
    const clean = ['var/lib/apt/lists', 'var/cache/apt', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'];
    for (const part of clean) rmSync(join(folder, 'root', part), { recursive: true, force: true });
    run('bash', ['-c', `tar -C ${join(folder, 'root')} -c --exclude='./dev/*' . | docker import - debian:bookworm-slim`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function made(name, lines, fill) {
  if (hasImage(name)) return;
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    say(`making ${name}`);
    fill(folder);
    writeFileSync(join(folder, 'Dockerfile'), ['FROM debian:bookworm-slim', ...lines, ''].join('\n'));
    docker('build', '--quiet', '--tag', name, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function smoke() {
  installPackages();
  build();
  run(pinnedNode(), [join(ROOT, 'dist/infra/compose/smoke.js')], { stdio: 'inherit' });
}

const VERBS = {
  install, images,
  up: () => compose('up', '--detach', '--build', '--wait'),
  smoke,
  down: () => compose('down', '--volumes', '--timeout', '8'),
};
VERBS.all = async () => {
  await install();
  await images();
  try {
    VERBS.up();
    smoke();
  } finally {
    VERBS.down();
  }
};

const verb = VERBS[process.argv[2]];
try {
  if (verb === undefined) throw new Error(`npm run compose -- VERB: must be one of ${Object.keys(VERBS).join(', ')}`);
  const startedMs = performance.now();
  await verb();
  say(`${process.argv[2]} done in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
