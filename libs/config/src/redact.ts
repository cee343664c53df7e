/** The effective configuration as it may be shown: secrets replaced. */
import type { ClusterConfig, Options } from './model.js';
import { OPTION_BY_NAME } from './options/catalogue.js';
import { processName } from './pairs.js';

export function redactedOptions(options: Options): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of options) {
    const type = OPTION_BY_NAME.get(name)?.type;
    shown[name] = type?.kind === 'text' && type.secret === true && value !== '' ? '***' : value;
  }
  return shown;
}

export function redactedConfig(config: ClusterConfig): object {
  return {
    switch: config.switchName,
    accessPoint: config.accessPoint,
    externalContact: config.externalContact,
    bus: config.bus.driver,
    stores: Object.fromEntries(Object.entries(config.stores).map(([name, { driver }]) => [name, driver])),
    options: redactedOptions(config.options),
    applications: [...config.applications, ...config.backups].map((application) => ({
      name: processName(application),
      ...(application.pair?.isBackup === true ? { backupOf: application.name } : {}),
      type: application.type,
      geoLocation: application.geoLocation,
      host: application.host,
      ports: Object.fromEntries(application.ports),
      options: redactedOptions(application.options),
    })),
    dns: config.dns.size,
    persons: config.persons.size,
  };
}
