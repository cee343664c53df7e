/** Makes a program say with which flags Node runs it, whoever starts it. */
import { writeFileSync } from 'node:fs';

export interface FlagsTeller {
  /** For whoever starts it, its parents too. */
  readonly env: NodeJS.ProcessEnv;
  /** What it said; undefined while it has not. */
  flags(output: string): string[] | undefined;
}

/** @param script how the path of its module ends */
export function flagsTeller(folder: string, script: string): FlagsTeller {
  const file = `${folder}/tell-flags.mjs`;
  writeFileSync(file, `if (process.argv[1]?.endsWith('${script}')) console.log('node flags: ' + process.execArgv.join(' '));\n`);
  return {
    env: { ...process.env, NODE_OPTIONS: `--import=${file}` },
    flags: (output) => /^node flags: (.*)$/m.exec(output)?.[1]?.split(' '),
  };
}
