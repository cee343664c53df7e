/** The relay process that stands for the line between data centres (scripts/servers/wan-relay.mjs). */
import { fileURLToPath } from 'node:url';
import { V8_FLAGS } from '#tier/v8-flags';
import { blockOf, type DataCentrePlan, type Link, type ProcessPlan, relayHost } from './plan.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/servers/wan-relay.mjs', import.meta.url));
const CONTROL_PORT = 7100;
/** Below the addresses of the links. */
const CONTROL_ADDRESS = -1;

/** `host:port` of its control; undefined with one data centre. Always the same, so that it survives the process. */
export function relayControl(dataCentres: readonly DataCentrePlan[]): string | undefined {
  const second = dataCentres[1]?.nats.servers[0];
  return second === undefined ? undefined : `${relayHost(second.host, CONTROL_ADDRESS)}:${CONTROL_PORT}`;
}

export function relayPlan(dataCentres: readonly DataCentrePlan[], control: string, delayMs: number, links: readonly Link[] = []): ProcessPlan {
  const all = [...dataCentres.flatMap(({ line }) => line), ...links];
  return {
    name: 'wan-relay', kind: 'relay', dataCentre: '', file: process.execPath, ready: /^relay ready /m,
    args: [
      ...V8_FLAGS, SCRIPT, '--control', control, '--delay', String(delayMs), ...dataCentres.flatMap((dataCentre) => ['--block', blockOf(dataCentre)]),
      ...all.flatMap(({ name, listen, to }) => ['--link', `${name}=${listen}>${to}`]),
    ],
  };
}
