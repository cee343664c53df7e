/** `cordboard check FILE`: says what is wrong with a configuration, or that nothing is. */
import { ConfigError, limiterWarning, loadConfig } from '#config';

export async function runCheck(args: readonly string[]): Promise<number> {
  const [file] = args;
  if (file === undefined || file === '--help') {
    console.log('cordboard check FILE\n\nPrints every problem with file, line, option and what is allowed; exit status 1 when there is one.');
    return file === undefined ? 2 : 0;
  }
  try {
    const { config, warnings } = loadConfig(file);
    for (const warning of warnings) console.error(warning);
    const pairs = config.backups.length === 0 ? '' : ` (${config.backups.length} of them backups)`;
    const applications = config.applications.length + config.backups.length;
    console.log(`${file} is in order: ${applications} applications${pairs}, ${config.dns.size} DNs, ${config.persons.size} persons`);
    const alone = limiterWarning(config);
    if (alone !== undefined) console.log(`for call limits: ${alone}`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return 1;
  }
}
