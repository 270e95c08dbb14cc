//! Writes requests about messages. The sequence numbers are the probe's own, so that it can see what comes back for each.

use carrack_smpp::{Address, CommandId, CommandStatus, encode_header_only, write_pdu};

use super::script::Ask;

/// An id that no SMSC has given.
const UNKNOWN_ID: &[u8] = b"99999999";

/// Writes one request; `id` and `source` are those of the message it is about.
pub(super) fn write(
    out: &mut Vec<u8>,
    ask: Ask,
    sequence: u32,
    id: &[u8],
    source: Address<'_>,
    destination: Address<'_>,
) {
    let ok = CommandStatus::ESME_ROK;
    let address = |writer: &mut carrack_smpp::BodyWriter<'_>, address: Address<'_>| {
        writer.octet(address.ton);
        writer.octet(address.npi);
        writer.cstring(address.addr);
    };
    // An id with a NUL or of 256 octets cannot come out of a response, and nothing else here can fail.
    let _ = match ask {
        Ask::Query | Ask::QueryUnknown => {
            write_pdu(out, CommandId::QUERY_SM, ok, sequence, |writer| {
                writer.cstring(if ask == Ask::Query { id } else { UNKNOWN_ID });
                address(writer, source);
            })
        }
        Ask::Cancel => write_pdu(out, CommandId::CANCEL_SM, ok, sequence, |writer| {
            writer.cstring(b"");
            writer.cstring(id);
            address(writer, source);
            address(writer, destination);
        }),
        Ask::Replace => write_pdu(out, CommandId::REPLACE_SM, ok, sequence, |writer| {
            writer.cstring(id);
            address(writer, source);
            writer.cstring(b"");
            writer.cstring(b"");
            writer.octet(1);
            writer.octet(0);
            writer.octet(8);
            writer.octets(b"replaced");
        }),
        Ask::EnquireLink => {
            encode_header_only(out, CommandId::ENQUIRE_LINK, ok, sequence);
            Ok(())
        }
    };
}
