//! `custom_tlvs`: a vendor's parameters for carriers that take them, as a list or as an object.
//!
//! `[[tag, null, "Int2", value]]`, or `{"0x1401:OctetString": value}`. Tags are a vendor's, 0x1400 to 0x3FFF, as Jasmin
//! asks; a type has to be said, because here no connector says it.

use serde_json::Value;

const TAGS: std::ops::RangeInclusive<u16> = 0x1400..=0x3FFF;
/// As for a client that binds.
const OCTETS_MAX: usize = 512;

/// The parameters as on the wire; none where they are not of this form.
pub(crate) fn parameters(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    if text.trim().is_empty() {
        return Some(out);
    }
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => {
            for entry in &list {
                let [tag, _, kind, value] = entry.as_array()?.as_slice() else {
                    return None;
                };
                push(tag_of(tag)?, kind.as_str()?, value, &mut out)?;
            }
        }
        Value::Object(object) => {
            for (key, value) in &object {
                let (tag, kind) = key.split_once(':')?;
                push(tag_of(&Value::from(tag))?, kind, value, &mut out)?;
            }
        }
        Value::Null => {}
        _ => return None,
    }
    (out.len() <= OCTETS_MAX).then_some(out)
}

fn tag_of(value: &Value) -> Option<u16> {
    let tag = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => match text.trim().to_ascii_lowercase().strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok()?,
            None => text.trim().parse().ok()?,
        },
        _ => return None,
    };
    u16::try_from(tag).ok().filter(|tag| TAGS.contains(tag))
}

fn push(tag: u16, kind: &str, value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let number = || match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let octets = match kind {
        "Int1" => u8::try_from(number()?).ok()?.to_be_bytes().to_vec(),
        "Int2" => u16::try_from(number()?).ok()?.to_be_bytes().to_vec(),
        "Int4" => u32::try_from(number()?).ok()?.to_be_bytes().to_vec(),
        "Int8" => number()?.to_be_bytes().to_vec(),
        "OctetString" | "COctetString" => {
            let mut octets = match value {
                Value::String(text) => text.clone().into_bytes(),
                Value::Number(number) => number.to_string().into_bytes(),
                _ => return None,
            };
            if kind == "COctetString" {
                octets.push(0);
            }
            octets
        }
        _ => return None,
    };
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&u16::try_from(octets.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&octets);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_documentation_are_written_as_on_the_wire() {
        let list = r#"[[12288, null, "COctetString", "ref-42"]]"#;
        let expected = b"\x30\x00\x00\x07ref-42\0".to_vec();
        assert_eq!(parameters(list), Some(expected));
        let object = r#"{"0x1401:Int2": 258, "0x1402:OctetString": 7}"#;
        let expected = b"\x14\x01\x00\x02\x01\x02\x14\x02\x00\x017".to_vec();
        assert_eq!(parameters(object), Some(expected));
        assert_eq!(parameters("[]"), Some(Vec::new()));
    }

    #[test]
    fn what_would_be_lost_or_is_not_a_vendors_is_refused() {
        for text in [
            r#"[[30, null, "COctetString", "x"]]"#,
            r#"[[5121, null, "Int1", 256]]"#,
            r#"[[5121, null, null, 1]]"#,
            r#"{"0x1401": 1}"#,
            r#"[[5121]]"#,
            "not json",
            "7",
        ] {
            assert_eq!(parameters(text), None, "{text}");
        }
        let long = format!(r#"[[5121, null, "OctetString", "{}"]]"#, "x".repeat(600));
        assert_eq!(parameters(&long), None);
    }
}
