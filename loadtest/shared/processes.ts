/** Child processes: a server that is measured has a core of its own where there are two. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cpus } from 'node:os';

/** Where a process may run. The first core belongs to what is measured, the others to everything else. */
export type Cores = 'measured' | 'others';

const coreLists: Record<Cores, string> = { measured: '0', others: `1-${cpus().length - 1}` };
/** Whether processes can be given cores at all. */
export const canPin = process.platform === 'linux' && cpus().length > 1 && hasTaskset();

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** All threads of a process that runs already; its later ones and its children inherit it. */
export function pin(pid: number, cores: Cores): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', coreLists[cores], String(pid)], { stdio: 'ignore' });
}

export interface StartOptions {
  env?: Record<string, string>;
  cores?: Cores;
  /** In a group of its own, so that Ctrl-C does not reach it; what it prints goes to a file. */
  logFile?: string;
  /** More switches for Node.js, such as `--expose-gc`. */
  switches?: readonly string[];
}

/** @param file a module of ours, that talks with its parent by messages */
export function startProcess(file: URL, options: StartOptions = {}): ChildProcess {
  const { env, cores, switches = [], logFile } = options;
  const child = fork(file, [], {
    env: { PATH: process.env.PATH ?? '', ...env },
    // As `npm start` has them.
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame', ...switches],
    ...(logFile ? { detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] } : {}),
  });
  if (logFile) keepOutput(child, logFile);
  if (cores && child.pid) pin(child.pid, cores);
  return child;
}

function keepOutput(child: ChildProcess, logFile: string): void {
  const file = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(file, { end: false });
  child.once('close', () => file.end());
}

/** What a child says next. Rejects if it ends instead. */
export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${child.spawnargs.at(-1)} ended (${code})`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

/** Says something and waits for the answer. One question at a time. */
export async function ask<Answer>(child: ChildProcess, message: object | string): Promise<Answer> {
  const answer = nextMessage(child);
  child.send(message);
  return (await answer) as Answer;
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

/** What a child does when its parent asks for it by name. */
type Answers = Record<string, (...asked: never[]) => Promise<unknown>>;

/** In a child: does what the parent asks for, one thing at a time. Whatever goes wrong ends it. */
export function answerParent(answers: Answers): void {
  process.on('message', ({ ask, with: asked }: { ask: string; with: never }) => {
    const answer = answers[ask];
    if (!answer) throw new Error(`asked for ${ask}`);
    answer(asked).then(
      (given) => process.send?.(given),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit());
}

/** In the parent: asks a child that does `answerParent`. */
export type AskChild<Known extends Answers> = <Name extends keyof Known>(
  name: Name,
  ...asked: Parameters<Known[Name]>
) => ReturnType<Known[Name]>;

export const asking = <Known extends Answers>(child: ChildProcess): AskChild<Known> =>
  ((name: string, asked?: unknown) => ask(child, { ask: name, with: asked })) as unknown as AskChild<Known>;
