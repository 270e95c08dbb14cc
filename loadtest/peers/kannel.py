"""A customer made of Kannel: bearerbox bound to the node as its SMSC, smsbox before it. Sends a message by sendsms, waits for
its receipt (dlr-url) and for the handset's answers (sms-service), which all come as HTTP requests, and ends both.

python kannel.py HOST:PORT SYSTEM_ID PASSWORD NUMBER FOLDER; exit 0 when each of four messages has its receipt and its answer.
"""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

door, system_id, password, number, folder = sys.argv[1:6]
host, port = door.rsplit(":", 1)
receipts, answers = {}, {}


class Sink(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        # Octet for octet: the text is in the charset that is named beside it.
        asked = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True, encoding="latin-1"))
        if url.path == "/dlr":
            receipts.setdefault(asked["handset"], []).append(asked["status"])
        else:
            text = asked["text"].encode("latin-1").decode(asked["charset"])
            # Kannel puts a plus before international numbers.
            answers.setdefault(asked["handset"].lstrip("+"), []).append(text)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in held]
    for listener in held:
        listener.close()
    return ports


def expected(handset):
    return [
        f"yes please {handset}", f"Grüße für 5 € {handset}", "Да, конечно! " * 15 + handset,
        "a long answer in parts " * 15 + handset,
    ][int(handset[-1]) % 4]


def wait(what, holds):
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until, f"not within 30 s: {what}; receipts {receipts}, answers {answers}"
        time.sleep(0.05)


def online():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/status.txt?password=secret") as status:
            return b"(online" in status.read()
    except OSError:
        return False


def listens(at):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", at)) == 0


sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=sink.serve_forever, daemon=True).start()
own = f"http://127.0.0.1:{sink.server_address[1]}"
admin, boxes, sendsms = free_ports(3)
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "kannel.conf"), "w") as configuration:
    configuration.write(f"""group = core
admin-port = {admin}
admin-password = secret
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 1
log-file = "bearerbox.text.log"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = carrack
host = {host}
port = {port}
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
transceiver-mode = true

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 1
log-file = "smsbox.text.log"

group = sendsms-user
username = peers
password = secret

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{own}/mo?handset=%p&number=%P&charset=%C&text=%b"
""")
programs = []
try:
    for program, at in (("bearerbox", boxes), ("smsbox", sendsms)):
        log = open(os.path.join(folder, f"{program}.log"), "wb")
        programs.append(subprocess.Popen([program, "-v", "3", "kannel.conf"], cwd=folder, stdout=log, stderr=log))
        wait(program, lambda: listens(at))
    wait("the bind", online)
    handsets = [str(handset) for handset in range(447700910100, 447700910104)]
    for handset in handsets:
        asked = urllib.parse.urlencode({
            "username": "peers", "password": "secret", "from": number, "to": handset, "text": "are you there?",
            "dlr-mask": 3, "dlr-url": f"{own}/dlr?handset={handset}&status=%d",
        })
        with urllib.request.urlopen(f"http://127.0.0.1:{sendsms}/cgi-bin/sendsms?{asked}") as answer:
            assert answer.status == 202, answer.read()
    wait("receipts and answers", lambda: len(receipts) == len(answers) == len(handsets))
    time.sleep(0.5)
finally:
    for running in reversed(programs):
        running.terminate()
        running.wait(20)
wrong = {handset: said for handset, said in answers.items() if said != [expected(handset)]}
late = {handset: said for handset, said in receipts.items() if said != ["1"]}
print(json.dumps({"sent": len(handsets), "receipts": len(receipts), "from_handsets": len(answers)}).replace(" ", ""))
assert not wrong and not late, (wrong, late)
