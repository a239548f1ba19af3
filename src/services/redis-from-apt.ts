import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeStaging } from './data-dir.ts';
import { lastLines, plainEnvironment, run } from './processes.ts';

const PACKAGES = ['redis-server', 'redis-tools'];
/** Present wherever Node runs, and not to be mixed: another libc than the loader's own crashes. */
const ALWAYS_THERE = /^(libc6|libgcc-s1|libstdc\+\+6)$/;

/**
 * Fetches Debian's or Ubuntu's own redis-server, with the libraries it needs, and unpacks it in
 * `<dataDir>/redis-server`, without installing anything and without root's rights: apt's lists and cache lie in
 * the data directory for that long, and apt checks the signatures as always. About 10 MB to load and 5 s, once;
 * 14 MB stay. Throws when there is no apt-get, no network or no such package.
 */
export async function fetchRedisFromApt(dataDir: string): Promise<void> {
  const staging = await makeStaging(dataDir, 'redis-server');
  try {
    const archives = join(staging, 'archives');
    const unpacked = join(staging, 'unpacked');
    for (const directory of [archives, unpacked, join(staging, 'lists', 'partial'), join(staging, 'cache')]) {
      await mkdir(directory, { recursive: true });
    }
    const update = await apt(staging, 'apt-get', ['update']);
    // It calls an update a success that has reached nothing.
    const missed = /^[WE]: (Failed to fetch .*)/m.exec(update)?.[1];
    await downloadInto(archives, staging).catch((error: Error) => {
      throw missed ? new Error(missed) : error;
    });
    for (const archive of await readdir(archives)) {
      await must('dpkg-deb', ['-x', join(archives, archive), unpacked]);
    }
    const place = join(dataDir, 'redis-server');
    await rm(place, { recursive: true, force: true });
    await rename(unpacked, place);
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

async function downloadInto(archives: string, staging: string): Promise<void> {
  const depends = await apt(staging, 'apt-cache', ['depends', '--important', ...PACKAGES]);
  await apt(staging, 'apt-get', ['download', ...PACKAGES, ...libraries(depends)], archives);
}

/** Where an unpacked redis-server lies, and where its libraries do. */
export async function unpackedRedis(dataDir: string) {
  const root = join(dataDir, 'redis-server');
  const libraryPath: string[] = [];
  for (const directory of [join(root, 'usr', 'lib'), join(root, 'lib')]) {
    const names = await readdir(directory).catch(() => []);
    libraryPath.push(
      ...names.filter((name) => name.includes('-linux-')).map((name) => join(directory, name)),
    );
  }
  return {
    command: join(root, 'usr', 'bin', 'redis-server'),
    env: plainEnvironment({ LD_LIBRARY_PATH: libraryPath.join(':') }),
  };
}

/** The real packages in `apt-cache depends`: virtual ones stand in angle brackets. */
function libraries(depends: string): string[] {
  const names = [...depends.matchAll(/^\s*(?:Pre)?Depends: (lib[^\s:]+)/gm)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => !ALWAYS_THERE.test(name));
}

function apt(staging: string, program: string, args: string[], cwd?: string): Promise<string> {
  const settings = [
    `Dir::State::lists=${join(staging, 'lists')}`,
    `Dir::Cache=${join(staging, 'cache')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=root', // As root, apt would change to a user who may not write here.
    'Acquire::Languages=none',
    'Acquire::GzipIndexes=true',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::IndexTargets::deb::CNF::DefaultEnabled=false',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=20',
    'Acquire::https::Timeout=20',
  ];
  return must(program, ['-q', ...settings.flatMap((setting) => ['-o', setting]), ...args], cwd);
}

async function must(command: string, args: string[], cwd?: string): Promise<string> {
  const done = await run(command, args, { cwd });
  if (done.ok) return done.output;
  throw new Error(
    `${command} ${done.how}${done.output ? `: ${lastLines(done.output, 2).replaceAll('\n', '; ')}` : ''}`,
  );
}
