"""A customer made of smpplib: a long text in parts by a user data header, then receipts for each part.

python customer.py HOST:PORT SYSTEM_ID PASSWORD; exit 0 when every part has its receipt.
"""
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

host, port = sys.argv[1].rsplit(":", 1)
ids, receipts = [], []


def on_receipt(pdu):
    receipts.append(pdu.receipted_message_id.decode().rstrip("\0"))
    return 0


client = smpplib.client.Client(host, int(port), timeout=20, allow_unknown_opt_params=True)
client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id.decode().rstrip("\0")))
client.set_message_received_handler(on_receipt)
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
while len(receipts) < len(parts) or len(ids) < len(parts):
    client.read_once(ignore_error_codes=[])
client.unbind()
client.disconnect()
assert sorted(receipts) == sorted(ids), (ids, receipts)
print(f'{{"parts":{len(parts)},"receipts":{len(receipts)}}}')
