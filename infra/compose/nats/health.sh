#!/bin/bash
# Whether this NATS server is part of a working JetStream cluster.
exec 3<>/dev/tcp/127.0.0.1/8222 || exit 1
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r -t 2 line <&3
[[ "$line" == *' 200 '* ]]
