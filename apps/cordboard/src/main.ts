/** The embedded cluster: every tier of a configuration in one process. */
import { fileURLToPath } from 'node:url';
import { applicationsOf, openProcess, processOptions, reportAndFail, startApplication, USAGE } from '#tier';
import { type ApplicationStarts, startsFor } from './tiers.js';

const LAPTOP = fileURLToPath(new URL('../../../../config/laptop.yaml', import.meta.url));

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    console.log(`npm start -- [options]\n\n${USAGE}`);
    return 0;
  }
  const options = processOptions(argv, LAPTOP);
  let plan: readonly ApplicationStarts[] = [];
  const running = await openProcess(options, async (config) => { plan = await startsFor(applicationsOf(config, options.app)); });
  try {
    for (const { application, starts } of plan) await startApplication(running, application, starts);
  } catch (error) {
    await running.host.stop(0);
    throw error;
  }
  console.log('cordboard ready');
  return running.stopped;
}

main(process.argv.slice(2)).then((status) => process.exit(status), reportAndFail);
