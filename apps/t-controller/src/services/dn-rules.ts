/** What the options of a T-Controller say about its DNs. */
import type { OptionLookup } from '#config';
import type { DnRules } from '#telephony';

export function rulesOf(options: OptionLookup): DnRules {
  return {
    emulatedLoginState: options.text('emulated-login-state') === 'ready' ? 'ready' : 'not_ready',
    wrapUpTime: options.number('wrap-up-time'),
    legalGuardTime: options.number('legal-guard-time'),
    timedAcwInIdle: options.flag('timed-acw-in-idle'),
    acwInIdleForceReady: options.flag('acw-in-idle-force-ready'),
    acwPersistentReasons: options.flag('acw-persistent-reasons'),
    logoutOnOutOfService: options.flag('logout-on-out-of-service'),
    logoutOnDisconnect: options.flag('logout-on-disconnect'),
    logoutOnUnregister: options.flag('agent-logout-on-unreg'),
    autoLogoutMs: options.number('auto-logout-timeout') * 60_000,
    autoLogoutReady: options.flag('auto-logout-ready'),
    agentStateAutoRestore: options.flag('agent-state-auto-restore'),
  };
}
