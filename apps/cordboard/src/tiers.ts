/** Which tiers an application of each type runs. A tier starts only where the application opens its port, and is loaded only then. */
import type { Application, ApplicationType } from '#config';
import type { StartTier } from '#tier';

interface TierEntry {
  readonly type: ApplicationType;
  /** Port without which the application does not run this tier. */
  readonly port?: string;
  readonly load: () => Promise<StartTier>;
}

/** In order of start: whoever is asked comes before whoever asks. */
const TIERS: readonly TierEntry[] = [
  { type: 'sip-server', port: 'TCport', load: async () => (await import('../../t-controller/src/index.js')).startTController },
  { type: 'sip-server', port: 'sip', load: async () => (await import('../../session-controller/src/index.js')).startSessionController },
  { type: 'sip-server', port: 'SmartProxy', load: async () => (await import('../../smart-proxy/src/index.js')).startSmartProxy },
  { type: 'sip-proxy', port: 'sip', load: async () => (await import('../../sip-proxy/src/index.js')).startSipProxy },
  { type: 'vq-server', load: async () => (await import('../../vq-server/src/index.js')).startVqServer },
  { type: 'dns-server', load: async () => (await import('../../dns-server/src/index.js')).startDnsServer },
  { type: 'recorder', load: async () => (await import('../../recorder/src/index.js')).startRecorder },
  { type: 'router', load: async () => (await import('../../router/src/index.js')).startRouter },
  { type: 'console', load: async () => (await import('../../console/src/index.js')).startConsole },
];

export interface ApplicationStarts {
  readonly application: Application;
  readonly starts: readonly StartTier[];
}

/**
 * Every tier of every application, in order of start; their code is loaded when it resolves. The tiers of half a pair start
 * together, whenever it is primary.
 */
export async function startsFor(applications: readonly Application[]): Promise<ApplicationStarts[]> {
  const plan: { application: Application; starts: StartTier[] }[] = [];
  for (const { type, port, load } of TIERS) {
    const running = applications.filter((application) => application.type === type && (port === undefined || application.ports.has(port)));
    if (running.length === 0) continue;
    const start = await load();
    for (const application of running) {
      const pair = application.pair === undefined ? undefined : plan.find((each) => each.application === application);
      if (pair === undefined) plan.push({ application, starts: [start] });
      else pair.starts.push(start);
    }
  }
  return plan;
}
