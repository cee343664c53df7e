#!/usr/bin/env python3
"""Serves Routing Point 5001 and sends each call to one DN: route.py HOST PORT DN

Needs nothing but Python 3. The protocol is docs/tlib-protocol.md. When the connection is lost it opens again and resumes, so
that no event is missed; it registers anew where the switch no longer held its session.
"""
import json
import socket
import sys
import time

POINT = "5001"
ADDP_TIMEOUT_S = 10
RECONNECT_S = 0.5


class RoutingClient:
    def __init__(self, host, port, dn):
        self.address = (host, int(port))
        self.dn = dn
        self.token = None
        self.last_sequence = 0
        self.reference = 0
        self.connection = None

    def run(self):
        while True:
            try:
                self.serve()
            except (OSError, ValueError) as error:
                log(f"connection lost: {error}")
            time.sleep(RECONNECT_S)

    def serve(self):
        """One connection, until it is lost."""
        with socket.create_connection(self.address, timeout=ADDP_TIMEOUT_S) as self.connection:
            opening = {"ApplicationName": "route.py", "ProtocolVersion": 1, "AddpTimeout": ADDP_TIMEOUT_S}
            if self.token is not None:
                opening.update(SessionToken=self.token, LastSequence=self.last_sequence)
            self.send("RequestRegisterClient", **opening)
            for line in self.connection.makefile(encoding="utf-8", newline="\n"):
                self.on_event(json.loads(line))
        log("connection closed")

    def send(self, msg, **attributes):
        self.reference += 1
        message = {"msg": msg, "ReferenceID": self.reference, **attributes}
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def on_event(self, event):
        if event["msg"] == "AddpPing":
            self.connection.sendall(json.dumps({**event, "msg": "AddpPong"}).encode() + b"\n")
            return
        self.last_sequence = event.get("EventSequenceNumber", self.last_sequence)
        if event["msg"] == "EventLinkConnected":
            self.on_connected(event)
        elif event["msg"] == "EventRegistered":
            log(f"serving {event['ThisDN']}")
        elif event["msg"] == "EventRouteRequest":
            log(f"{event['ConnID']} -> {self.dn}")
            self.send("RequestRouteCall", ThisDN=POINT, ConnID=event["ConnID"], OtherDN=self.dn)
        elif event["msg"] == "EventError":
            log(f"refused: {event['ErrorCode']} {event.get('ErrorMessage', '')}")

    def on_connected(self, event):
        self.token = event["SessionToken"]
        if event.get("Resumed"):
            log("resumed")
        else:
            self.send("RequestRegisterAddress", ThisDN=POINT)


def log(text):
    print(text, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.splitlines()[0])
    RoutingClient(*sys.argv[1:]).run()
