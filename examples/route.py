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
ADDP_TIMEOUT_S = 4
RECONNECT_S = 0.5
RETRY_S = 2
# EventError: no such call, the caller has hung up, another router has it.
CALL_IS_GONE = (56, 237, 496)


class RoutingClient:
    def __init__(self, host, port, dn):
        self.address = (host, int(port))
        self.dn = dn
        self.token = None
        self.last_sequence = 0
        self.reference = 0
        self.connection = None
        # Calls being routed, by ReferenceID; calls to be routed again, with the time.
        self.routing = {}
        self.again = []

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
                self.route_again()
        log("connection closed")

    def send(self, msg, **attributes):
        self.reference += 1
        message = {"msg": msg, "ReferenceID": self.reference, **attributes}
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def on_event(self, event):
        if event["msg"] == "AddpPing":
            self.connection.sendall(json.dumps({**event, "msg": "AddpPong"}).encode() + b"\n")
            return
        # Errors before the session is open carry 0.
        self.last_sequence = event.get("EventSequenceNumber", 0) or self.last_sequence
        if event["msg"] == "EventLinkConnected":
            self.on_connected(event)
        elif event["msg"] == "EventRegistered":
            log(f"serving {event['ThisDN']}")
            waiting = event["Extensions"]
            for n in range(1, event["InfoStatus"] + 1):
                self.route(waiting[f"conn-{n}"])
        elif event["msg"] == "EventRouteRequest":
            self.route(event["ConnID"])
        elif event["msg"] == "EventRouteUsed":
            self.routing.pop(event.get("ReferenceID"), None)
        elif event["msg"] == "EventError":
            self.on_error(event)

    def route(self, conn_id):
        log(f"{conn_id} -> {self.dn}")
        self.send("RequestRouteCall", ThisDN=POINT, ConnID=conn_id, OtherDN=self.dn)
        self.routing[self.reference] = conn_id

    def on_error(self, event):
        log(f"refused: {event['ErrorCode']} {event.get('ErrorMessage', '')}")
        conn_id = self.routing.pop(event.get("ReferenceID"), None)
        if conn_id is not None and event["ErrorCode"] not in CALL_IS_GONE:
            # A real router takes the next agent; this one has a single destination.
            self.again.append((time.monotonic() + RETRY_S, conn_id))

    def route_again(self):
        """With each line, of which the server's pings bring one every few seconds."""
        due = [conn_id for at, conn_id in self.again if at <= time.monotonic()]
        self.again = [(at, conn_id) for at, conn_id in self.again if conn_id not in due]
        for conn_id in due:
            self.route(conn_id)

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
