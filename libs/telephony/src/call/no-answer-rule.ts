/** Which no-answer supervision an attempt is under (tlibrary §7.5, SC-17..SC-19). */
import type { KVList } from '#tlib';
import type { NoAnswerRule } from './call.state.js';
import { kvText } from './kv.js';
import type { Step } from './step.js';

export const UNSUPERVISED: NoAnswerRule = { timeoutS: 0, action: 'none', overflow: [] };

export interface Supervised {
  readonly dn: string;
  /** Routed or queued; others are private and watched only under `nas-private`. */
  readonly business: boolean;
  /** Agent logged in there, as the owner of the DN said. */
  readonly agentID: string | undefined;
  /** Of RequestRouteCall: they win over options (§3.8). */
  readonly extensions: KVList;
}

export function noAnswerRule(step: Step, { dn, business, agentID, extensions }: Supervised): NoAnswerRule {
  if (!business) return step.isOn('nas-private') ? extensionRule(step, dn) : UNSUPERVISED;
  const configured = agentID === undefined ? extensionRule(step, dn) : agentRule(step);
  return {
    timeoutS: seconds(kvText(extensions, 'NO_ANSWER_TIMEOUT')) ?? configured.timeoutS,
    action: kvText(extensions, 'NO_ANSWER_ACTION') ?? configured.action,
    overflow: listOf(kvText(extensions, 'NO_ANSWER_OVERFLOW')) ?? configured.overflow,
  };
}

function agentRule(step: Step): NoAnswerRule {
  return {
    timeoutS: Number(step.env.option('agent-no-answer-timeout')),
    action: step.env.option('agent-no-answer-action'),
    overflow: listOf(step.env.option('agent-no-answer-overflow')) ?? [],
  };
}

function extensionRule(step: Step, dn: string): NoAnswerRule {
  return {
    timeoutS: Number(step.env.option('extn-no-answer-timeout', dn)),
    action: 'none',
    overflow: listOf(step.env.option('extn-no-answer-overflow', dn)) ?? [],
  };
}

function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

export function listOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((element) => element.trim()).filter((element) => element !== '');
}
