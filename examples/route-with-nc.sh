#!/bin/sh
# Serves Routing Point 5001 and sends each call to one DN: route-with-nc.sh HOST PORT DN
pipe=$(mktemp -u) && mkfifo "$pipe" || exit 1
nc "$1" "$2" <"$pipe" | {
  exec >"$pipe" && rm "$pipe"
  echo '{"msg":"RequestRegisterClient","ApplicationName":"route-with-nc","ProtocolVersion":1}'
  echo '{"msg":"RequestRegisterAddress","ThisDN":"5001"}'
  while read -r event; do case $event in
    *'"msg":"EventRegistered"'*) echo "serving 5001" >&2 ;;
    *'"msg":"EventRouteRequest"'*)
      call=$(printf '%s' "$event" | sed 's/.*"ConnID":"\([0-9a-f]*\)".*/\1/')
      echo "{\"msg\":\"RequestRouteCall\",\"ThisDN\":\"5001\",\"ConnID\":\"$call\",\"OtherDN\":\"$3\"}" ;;
  esac; done
}
