import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Logs now and then, and says on stderr how it went. */
const program = `
  import { makeLogger } from ${JSON.stringify(new URL('../src/log.ts', import.meta.url).href)};
  const log = makeLogger('info', false, 'test');
  for (let i = 0; i < 20; i++) {
    log.info({ i, text: 'x'.repeat(100_000) }, 'a line');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  console.error('still here');
`;

async function run(stdout: number | 'pipe'): Promise<{ code: unknown; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', stdout, 'pipe'],
  });
  child.stdout?.destroy();
  const exit = new Promise((resolve) => child.on('exit', resolve));
  let said = '';
  for await (const part of child.stderr ?? []) said += part;
  return { code: await exit, said };
}

describe('a log that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('on a full disk ends nobody', async () => {
    const { code, said } = await run(openSync('/dev/full', 'w'));
    expect(said).toContain('still here');
    expect(code).toBe(0);
  });

  it('to a reader that has gone ends nobody', async () => {
    const { code, said } = await run('pipe');
    expect(said).toContain('still here');
    expect(code).toBe(0);
  });
});
