"""Makes the samples of Jasmin's store beside this file: python3 make.py [pickle protocol]

The classes have the names and attributes that Jasmin's have, and nothing else of them.
"""
import datetime
import enum
import hashlib
import pickle
import re
import sys
import types

PROTOCOL = int(sys.argv[1]) if len(sys.argv) > 1 else 2


def module(name):
    made = types.ModuleType(name)
    sys.modules[name] = made
    return made


def kind(where, name, **attributes):
    made = type(name, (), dict(attributes, __module__=where))
    setattr(sys.modules[where], name, made)
    return made


def thing(cls, **attributes):
    made = cls.__new__(cls)
    made.__dict__.update(attributes)
    return made


for name in ("jasmin", "jasmin.routing", "jasmin.protocols", "jasmin.protocols.smpp", "smpp", "smpp.pdu"):
    module(name)
API, ROUTES, TABLES, FILTERS = (
    "jasmin.routing.jasminApi", "jasmin.routing.Routes", "jasmin.routing.RoutingTables", "jasmin.routing.Filters")
CONFIGS, TYPES = "jasmin.protocols.smpp.configs", "smpp.pdu.pdu_types"
for name in (API, ROUTES, TABLES, FILTERS, CONFIGS, TYPES):
    module(name)


def enumeration(name, values):
    made = enum.Enum(name, values, module=TYPES)
    setattr(sys.modules[TYPES], name, made)
    return made


Ton = enumeration("AddrTon", {"UNKNOWN": 0, "INTERNATIONAL": 1, "NATIONAL": 2, "ALPHANUMERIC": 5})
Npi = enumeration("AddrNpi", {"UNKNOWN": 0, "ISDN": 1})
Group, User = kind(API, "Group"), kind(API, "User")
Mt, Smpps = kind(API, "MtMessagingCredential"), kind(API, "SmppsCredential")
SmppClient, Http = kind(API, "SmppClientConnector"), kind(API, "HttpConnector")
SystemId = kind(API, "SmppServerSystemIdConnector")
Config = kind(CONFIGS, "SMPPClientConfig")

shops, closed = thing(Group, gid="Shops", enabled=True), thing(Group, gid="closed", enabled=False)


def user(uid, username, password, group=shops, enabled=True, **quotas):
    all_quotas = dict(balance=None, early_decrement_balance_percent=None, submit_sm_count=None,
                      http_throughput=None, smpps_throughput=None)
    all_quotas.update(quotas)
    mt = thing(Mt, authorizations={"http_send": True, "http_bulk": False, "set_priority": uid != "two"},
               value_filters={"destination_address": re.compile(b".*"), "priority": re.compile(rb"^[0-3]$"),
                              "source_address": re.compile(b"^ACME$" if uid == "two" else b".*")},
               defaults={"source_address": "ACME" if uid == "one" else None}, quotas=all_quotas)
    smpps = thing(Smpps, authorizations={"bind": uid != "two", "ip": "192.0.2.0/24,10.0.0.1" if uid == "one" else "0.0.0.0/0"},
                  quotas={"max_bindings": 2 if uid == "one" else None})
    return thing(User, uid=uid, username=username, password=hashlib.md5(password.encode()).digest(), group=group,
                 enabled=enabled, mt_credential=mt, smpps_credential=smpps)


one = user("one", "foo", "bar", balance=100.0, http_throughput=20.0, smpps_throughput=50.0)
two = user("two", "two", "secret")
users = [one, two, user("off", "off", "x", enabled=False), user("gone", "gone", "x", group=closed)]


def config(cid, **attributes):
    usual = dict(id=cid, host="smsc.example.com", port=2775, username="acme", password="secret", systemType="",
                 bindOperation="transceiver", submit_sm_throughput=1, responseTimerSecs=120, enquireLinkTimerSecs=30,
                 reconnectOnConnectionFailureDelay=10, useSSL=False, dlr_msg_id_bases=0, addressRange=None,
                 addressTon=Ton.UNKNOWN, addressNpi=Npi.UNKNOWN, source_addr_ton=Ton.NATIONAL, source_addr_npi=Npi.ISDN,
                 dest_addr_ton=Ton.INTERNATIONAL, dest_addr_npi=Npi.ISDN, service_type=None, custom_tlvs=[])
    usual.update(attributes)
    return thing(Config, **usual)


connectors = [
    {"id": "North_1", "config": config("North_1", submit_sm_throughput=50, dlr_msg_id_bases=1,
                                       source_addr_ton=Ton.ALPHANUMERIC, source_addr_npi=Npi.UNKNOWN), "service_status": 1},
    {"id": "south", "config": config("south", bindOperation="transmitter", useSSL=True, service_type="CMT"), "service_status": 0},
    {"id": "bad", "config": config("bad", username="much-too-long-for-a-system-id"), "service_status": 1},
]


def filtered(name, **attributes):
    return thing(getattr(sys.modules[FILTERS], name, None) or kind(FILTERS, name), **attributes)


def route(name, filters, connector, rate=0.0):
    return thing(getattr(sys.modules[ROUTES], name, None) or kind(ROUTES, name), filters=filters, connector=connector, rate=rate)


def smppc(cid):
    return thing(SmppClient, cid=cid)


day = datetime.date
routes = [
    {90: route("StaticMTRoute", [filtered("UserFilter", user=one),
                                 filtered("DestinationAddrFilter", destination_addr=re.compile(rb"^44\d+"))], smppc("North_1"), 2.8)},
    {80: route("FailoverMTRoute", [filtered("GroupFilter", group=shops),
                                   filtered("TagFilter", tag="702"),
                                   filtered("TransparentFilter")], [smppc("North_1"), smppc("south")])},
    {70: route("RandomRoundrobinMTRoute", [filtered("SourceAddrFilter", source_addr=re.compile("^ACME$")),
                                           filtered("ShortMessageFilter", short_message=re.compile("code")),
                                           filtered("DateIntervalFilter", dateInterval=[day(2026, 12, 24), day(2026, 12, 26)]),
                                           filtered("TimeIntervalFilter", timeInterval=[datetime.time(8, 0, 0), datetime.time(18, 30, 0)])],
                [smppc("North_1"), smppc("south")])},
    {60: route("StaticMTRoute", [filtered("EvalPyFilter", pyCode="result = True")], smppc("south"))},
    {50: route("StaticMTRoute", [filtered("UserFilter", user=users[2])], smppc("south"))},
    {40: route("StaticMTRoute", [], smppc("bad"))},
    {0: route("DefaultRoute", [], smppc("south"))},
]
mo_routes = [
    {20: route("StaticMORoute", [filtered("ConnectorFilter", connector=smppc("North_1")),
                                 filtered("DestinationAddrFilter", destination_addr=re.compile("^80808$"))],
               thing(SystemId, cid="foo", system_id="foo"))},
    {0: route("DefaultRoute", [], thing(Http, cid="http_1", baseurl="http://127.0.0.1/mo", method="GET"))},
]
tables = {name: kind(TABLES, name) for name in ("MTRoutingTable", "MORoutingTable")}

for suffix, value in (
    ("smppccs", connectors), ("router-groups", [shops, closed]), ("router-users", users),
    ("router-mtroutes", thing(tables["MTRoutingTable"], table=routes)),
    ("router-moroutes", thing(tables["MORoutingTable"], table=mo_routes)),
):
    with open(f"jcli-prod.{suffix}", "wb") as out:
        out.write(b"Persisted on Mon Nov 23 00:00:00 2026 [Jasmin 0.12.0]\n")
        out.write(pickle.dumps(value, PROTOCOL))
