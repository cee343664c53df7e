/** Configurations of Kamailio that do what the process beside it does, and no more. */

const head = (host: string, port: number, modules: readonly string[]) => `#!KAMAILIO
debug=0
log_stderror=yes
listen=udp:${host}:${port}
children=2
disable_tcp=yes
auto_aliases=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/:/usr/lib64/kamailio/modules/"
${modules.map((module) => `loadmodule "${module}.so"`).join('\n')}
`;

/** Stateful and record-routing: whatever opens a dialog goes to `next`. */
export function kamailioProxy(host: string, port: number, next: string): string {
  return `${head(host, port, ['tm', 'sl', 'rr', 'pv', 'maxfwd', 'siputils', 'textops'])}
request_route {
  if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS") && uri==myself) { sl_send_reply("200", "OK"); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("404", "Not Here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  record_route();
  $du = "${next}";
  if (!t_relay()) sl_reply_error();
}
`;
}

/** Digest with a nonce that expires, bindings in memory. */
export function kamailioRegistrar(host: string, port: number, realm: string): string {
  return `${head(host, port, ['tm', 'sl', 'pv', 'auth', 'usrloc', 'registrar', 'siputils', 'textops'])}
modparam("usrloc", "db_mode", 0)
modparam("auth", "nonce_expire", 300)
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!is_method("REGISTER")) { sl_send_reply("405", "Method Not Allowed"); exit; }
  if (!pv_www_authenticate("${realm}", "secret-$fU", "0")) { auth_challenge("${realm}", "1"); exit; }
  if (!save("location")) sl_reply_error();
}
`;
}
