#!/bin/bash
# Whether the process answers at its HTTP port: without curl, and without starting a Node each time. HOST is its address.
exec 3<>"/dev/tcp/${HOST:-127.0.0.1}/8080" || exit 1
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r -t 2 line <&3
[[ "$line" == *' 200 '* ]]
