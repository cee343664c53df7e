/** Where to reach what runs, for people. */
import { type Application, type ClusterConfig, portAddresses } from '#config';

const SHOWN: readonly (readonly [title: string, type: Application['type'], port: string])[] = [
  ['SIP', 'sip-proxy', 'sip'], ['DNS', 'dns-server', 'dns'], ['T-Library', 'sip-server', 'TCport'], ['routing programs', 'sip-server', 'default'],
  ['virtual queues', 'vq-server', 'default'], ['console', 'console', 'http'],
];

export function addressTable(config: ClusterConfig): string {
  const dataCentres = [...new Set(config.applications.map(({ geoLocation }) => geoLocation))];
  const rows = SHOWN.map(([title, type, port]) => [title, ...dataCentres.map((name) => addressesOf(config, name, type, port))]);
  const table = [['', ...dataCentres], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ').trimEnd()).join('\n');
}

function addressesOf(config: ClusterConfig, dataCentre: string, type: Application['type'], port: string): string {
  return config.applications.filter((application) => application.geoLocation === dataCentre && application.type === type)
    .flatMap((application) => portAddresses(application, port)).map((address) => `${address.host}:${address.port}`).join(' ');
}
