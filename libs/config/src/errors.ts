/** What is wrong with a configuration, said so that an operator can mend it: file, line, option, allowed values. */

export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** Dotted path, such as `applications.SIPP_dc1_1.options.oos-check`. */
  readonly path: string;
  readonly message: string;
}

export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';

  constructor(readonly file: string, readonly problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${file}:${problem.line}:${problem.column}: ${problem.path}: ${problem.message}`).join('\n'));
  }
}
