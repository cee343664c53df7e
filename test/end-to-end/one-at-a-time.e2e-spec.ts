/** Commands of one clone that begin at once: what each of them would install or build is done by one after the other. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MODULE = pathToFileURL(join(process.cwd(), 'scripts/one-at-a-time.mjs')).href;
/** No process has it: above the greatest pid of Linux. */
const NOBODY = 2 ** 22 + 1;

describe('work that two commands must not do at once', () => {
  let folder: string;
  beforeEach(() => {
    folder = `${mkdtempSync(join(tmpdir(), 'cordboard-lock-'))}/`;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A process that writes when its work begins and ends; the work takes as long as the file system needs for a hundred writes. */
  const command = (): Promise<number | null> => {
    const script = `
      import { appendFileSync, writeFileSync } from 'node:fs';
      import { oneAtATime } from '${MODULE}';
      oneAtATime('work', () => {
        appendFileSync('${folder}said', 'begin ');
        for (let n = 0; n < 100; n += 1) writeFileSync('${folder}scratch' + process.pid, String(n));
        appendFileSync('${folder}said', 'end ');
      }, '${folder}');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'inherit', 'inherit'] });
    return new Promise((resolve) => { child.once('exit', resolve); });
  };
  const said = (): string => readFileSync(`${folder}said`, 'utf8');

  it('is done by one after the other, and leaves nothing', async () => {
    expect(await Promise.all([command(), command(), command()])).toEqual([0, 0, 0]);
    expect(said()).toBe('begin end '.repeat(3));
    expect(existsSync(`${folder}work.lock`)).toBe(false);
  });

  it('is not waited for when whoever did it is gone', async () => {
    writeFileSync(`${folder}work.lock`, String(NOBODY));
    expect(await command()).toBe(0);
    expect(said()).toBe('begin end ');
  });
});
