/** Which tiers an application of each type runs. A tier starts only where the application opens its port. */
import type { Application, ApplicationType } from '#config';
import type { StartTier } from '#tier';
import { startConsole } from '../../console/src/index.js';
import { startDnsServer } from '../../dns-server/src/index.js';
import { startRouter } from '../../router/src/index.js';
import { startSessionController } from '../../session-controller/src/index.js';
import { startSipProxy } from '../../sip-proxy/src/index.js';
import { startSmartProxy } from '../../smart-proxy/src/index.js';
import { startTController } from '../../t-controller/src/index.js';
import { startVqServer } from '../../vq-server/src/index.js';

interface TierEntry {
  readonly type: ApplicationType;
  /** Port without which the application does not run this tier. */
  readonly port?: string;
  readonly start: StartTier;
}

/** In order of start: whoever is asked comes before whoever asks. */
const TIERS: readonly TierEntry[] = [
  { type: 'sip-server', port: 'TCport', start: startTController },
  { type: 'sip-server', port: 'sip', start: startSessionController },
  { type: 'sip-server', port: 'SmartProxy', start: startSmartProxy },
  { type: 'sip-proxy', port: 'sip', start: startSipProxy },
  { type: 'vq-server', start: startVqServer },
  { type: 'dns-server', start: startDnsServer },
  { type: 'router', start: startRouter },
  { type: 'console', start: startConsole },
];

/** Every tier of every application, in order of start. */
export function startsFor(applications: readonly Application[]): { application: Application; start: StartTier }[] {
  return TIERS.flatMap(({ type, port, start }) => applications
    .filter((application) => application.type === type && (port === undefined || application.ports.has(port)))
    .map((application) => ({ application, start })));
}
