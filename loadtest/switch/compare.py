"""The same requests to Kannel's own smsbox and to a node: status and text of each answer, and the receipts that come back.

python compare.py KANNEL_PORT NODE_PORT; prints one line of JSON; exit 0 where all are alike but for what docs/switching.md lists.
"""
import collections
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse

kannel, node = int(sys.argv[1]), int(sys.argv[2])
told = collections.defaultdict(list)


class Sink(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        told[url.path].append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
threading.Thread(target=sink.serve_forever, daemon=True).start()
own = f"http://127.0.0.1:{sink.server_address[1]}"

WHO = "username=tester&password=foobar"
TO = "&to=447700900123"
# Query of a GET.
ALIKE = [
    # What the user guide shows, and what its callers send.
    f"{WHO}&to=0044770090123&text=Hello+world", f"{WHO}{TO}&text=Hello+world", f"{WHO}{TO}&from=12345&text=Hello",
    "user=tester&pass=foobar&to=447700900124&text=short+names", f"{WHO}&to=447700900125+447700900126&text=two",
    f"{WHO}&to=%2B447700900123&text=plus", f"{WHO}{TO}&text=100%25+sure", f"{WHO}{TO}&text=Gr%C3%BC%C3%9Fe",
    f"{WHO}{TO}&text=Gr%FC%DFe&charset=ISO-8859-1", f"{WHO}{TO}&text=%04%3F%04%40&coding=2",
    f"{WHO}{TO}&text=%D0%BF&coding=2&charset=UTF-8", f"{WHO}{TO}&text=flash&mclass=0", f"{WHO}{TO}&text=flash&mclass=0&alt-dcs=1",
    f"{WHO}{TO}&text=&mwi=0", f"{WHO}{TO}&text=%01%02&udh=%06%05%04%15%81%15%81", f"{WHO}{TO}&text=%01%02&coding=1",
    f"{WHO}{TO}&text=a&validity=60", f"{WHO}{TO}&text=a&priority=2", f"{WHO}{TO}&text=a&account=shop-7", f"{WHO}{TO}&text=a&pid=0",
    f"{WHO}{TO}", f"{WHO}{TO}&text=a&unknown=1", f"{WHO}{TO}&text=a&coding=", f"{WHO}{TO}&text=a&coding=x",
    f"{WHO}{TO}&text=a&dlr-mask=7", f"{WHO}{TO}&text=a&smsc=south", f"{WHO}{TO}&text=a&binfo=x",
    # Who is not known.
    "", "username=tester", "password=foobar", "username=tester&password=foo" + TO, "username=nobody&password=foobar" + TO,
    # What is wrong.
    WHO, f"{WHO}&to=&text=a", f"{WHO}&to=abc&text=a", f"{WHO}{TO}&udh=%06%05", f"{WHO}{TO}&account=a%5Bb",
    f"{WHO}{TO}&dlr-url=host", f"{WHO}{TO}&dlr-url=ftp%3A%2F%2Fhost%2Fx", f"{WHO}{TO}&dlr-mask=66", f"{WHO}{TO}&dlr-mask=68", f"{WHO}{TO}&dlr-mask=-2",
    f"{WHO}{TO}&mclass=4", f"{WHO}{TO}&mclass=-2", f"{WHO}{TO}&pid=256", f"{WHO}{TO}&rpi=3", f"{WHO}{TO}&alt-dcs=2",
    f"{WHO}{TO}&mwi=8", f"{WHO}{TO}&coding=3", f"{WHO}{TO}&compress=2", f"{WHO}{TO}&validity=-2", f"{WHO}{TO}&deferred=-2",
    f"{WHO}{TO}&priority=4", f"{WHO}{TO}&text=a&charset=no-such-charset",
]
# docs/switching.md, "What is answered otherwise".
OTHERWISE = {
    f"{WHO}{TO}&text=%E9": (400, "Charset or body misformed, rejected"),
    f"{WHO}{TO}&text=%D8&coding=2&charset=UTF-8": (400, "Charset or body misformed, rejected"),
    f"{WHO}{TO}&text=a&pid=64": (400, "PID field not supported, rejected"),
    f"{WHO}{TO}&text=a&from=MUCHTOOLONGNAME": (400, "Sender not allowed, rejected"),
    f"{WHO}&to=447700900125+abc&text=a": (202, "0: Accepted for delivery Denied receivers are: ???"),
}
# Headers and body of a POST.
PLAIN = {"X-Kannel-Username": "tester", "X-Kannel-Password": "foobar", "X-Kannel-To": "447700900127"}
POSTS = [
    (dict(PLAIN, **{"Content-Type": "text/plain"}), b"posted"),
    (dict(PLAIN, **{"Content-Type": "text/plain; charset=ISO-8859-1"}), b"Gr\xfc\xdfe"),
    (dict(PLAIN, **{"Content-Type": "application/octet-stream", "X-Kannel-UDH": "06050415811581"}), b"\x01\x02"),
    (dict(PLAIN, **{"Content-Type": "text/html"}), b"<p>x</p>"),
    (dict(PLAIN, **{"Content-Type": "application/json"}), b"{}"),
    ({"Content-Type": "text/plain", "X-Kannel-To": "447700900127"}, b"nobody"),
]


def ask(port, method, target, headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    said = (answer.status, answer.read().decode("latin-1"))
    connection.close()
    return said


def get(port, query):
    return ask(port, "GET", "/cgi-bin/sendsms?" + query)


differ = []
for query in ALIKE:
    theirs, ours = get(kannel, query), get(node, query)
    if theirs != ours:
        differ.append((query, theirs, ours))
for headers, body in POSTS:
    theirs, ours = (ask(port, "POST", "/cgi-bin/sendsms", headers, body) for port in (kannel, node))
    if theirs != ours:
        differ.append((headers, theirs, ours))
otherwise = [(query, said, get(node, query)) for query, said in OTHERWISE.items() if get(node, query) != said]

# Receipts: the same escapes say the same. What differs by nature is left out of the pattern: times, ids, the carrier's words.
PATTERN = "?d=%d&p=%p&P=%P&q=%q&Q=%Q&n=%n&percent=%%&unknown=%z&mine=1"
for mask, number in ((31, 447700900131), (1, 447700900132), (8, 447700900133), (3, 447700900134), (2, 447700900135)):
    for side, port in (("kannel", kannel), ("node", node)):
        url = urllib.parse.quote(f"{own}/{side}/{number}{PATTERN}", safe="")
        said = get(port, f"{WHO}&from=ACME&to={number}&text=receipt&dlr-mask={mask}&dlr-url={url}")
        assert said == (202, "0: Accepted for delivery"), (side, said)
until = time.monotonic() + 20
wanted = {447700900131: 2, 447700900132: 1, 447700900133: 1, 447700900134: 1, 447700900135: 0}


def of(side, number):
    return [path.split("?", 1)[1] for path in told[f"/{side}/{number}"]]


while time.monotonic() < until and any(len(of(side, number)) < count for side in ("kannel", "node") for number, count in wanted.items()):
    time.sleep(0.1)
time.sleep(1)
receipts = [(number, of("kannel", number), of("node", number)) for number in wanted]
unlike = [found for found in receipts if found[1] != found[2] or len(found[1]) != wanted[found[0]]]
print(json.dumps({
    "requests": len(ALIKE) + len(POSTS), "alike": len(ALIKE) + len(POSTS) - len(differ), "otherwise_as_listed": len(OTHERWISE) - len(otherwise),
    "receipts": sum(wanted.values()), "receipts_alike": sum(len(found[2]) for found in receipts if found not in unlike),
}))
for what in differ + otherwise + unlike:
    print("differs:", *what, sep="\n    ", file=sys.stderr)
sys.exit(bool(differ or otherwise or unlike))
