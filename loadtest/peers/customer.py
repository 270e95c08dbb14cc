"""A customer made of smpplib: a long text in parts by a user data header, then receipts for each part; then four texts to
handsets that answer, whose answers it joins by their headers.

python customer.py HOST:PORT SYSTEM_ID PASSWORD NUMBER; exit 0 when every part has its receipt and every answer to NUMBER
came once and says what it should. Its account must have mo_form = "parts".
"""
import logging
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

host, port = sys.argv[1].rsplit(":", 1)
# It tells of each vendor's parameter that it passes over.
logging.getLogger("smpplib").setLevel(logging.ERROR)
ids, receipts = [], []
answers = {}
RECEIPT = 0x04  # SMPP 3.4, 5.2.12


def on_message(pdu):
    if not pdu.esm_class & RECEIPT:
        return on_answer(pdu)
    receipts.append(pdu.receipted_message_id.decode().rstrip("\0"))
    return 0


def on_answer(pdu):
    octets, part, parts = pdu.short_message, 1, 1
    if pdu.esm_class & smpplib.consts.SMPP_GSMFEAT_UDHI:
        parts, part = octets[4], octets[5]
        octets = octets[octets[0] + 1:]
    said = answers.setdefault(pdu.source_addr.decode(), {})
    assert part not in said, "twice"
    said[part] = (octets, parts, pdu.data_coding)
    return 0


def expected(handset):
    return [
        f"yes please {handset}", f"Grüße für 5 € {handset}", "Да, конечно! " * 15 + handset,
        "a long answer in parts " * 15 + handset,
    ][int(handset[-1]) % 4]


def whole():
    return [1 for said in answers.values() if len(said) == next(iter(said.values()))[1]]


client = smpplib.client.Client(host, int(port), timeout=20, allow_unknown_opt_params=True)
client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id.decode().rstrip("\0")))
client.set_message_received_handler(on_message)
client.connect()
client.bind_transceiver(system_id=sys.argv[2], password=sys.argv[3])
parts, data_coding, esm_class = smpplib.gsm.make_parts("a long text of many words, for 5 € each; " * 10)
for part in parts:
    client.send_message(
        source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
        source_addr="ACME",
        dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
        dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        destination_addr="447700900123",
        short_message=part,
        data_coding=data_coding,
        esm_class=esm_class,
        registered_delivery=True,
    )
for handset in range(447700910000, 447700910004):
    client.send_message(
        source_addr_ton=smpplib.consts.SMPP_TON_NWSPEC,
        source_addr=sys.argv[4],
        dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
        dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        destination_addr=str(handset),
        short_message=b"are you there?",
        registered_delivery=True,
    )
while len(receipts) < len(parts) + 4 or len(ids) < len(parts) + 4 or len(whole()) < 4:
    client.read_once(ignore_error_codes=[])
client.unbind()
client.disconnect()
assert sorted(receipts) == sorted(ids), (ids, receipts)
for handset, said in answers.items():
    octets = b"".join(octets for _, (octets, _, _) in sorted(said.items()))
    encode = {0: smpplib.gsm.gsm_encode, 8: lambda text: text.encode("utf-16-be")}
    codings = {data_coding for _, _, data_coding in said.values()}
    assert [octets] == [encode[coding](expected(handset)) for coding in codings], (handset, codings, octets)
from_handsets = sum(len(said) for said in answers.values())
print(f'{{"parts":{len(parts)},"receipts":{len(receipts)},"from_handsets":{len(answers)},"in_parts":{from_handsets}}}')
