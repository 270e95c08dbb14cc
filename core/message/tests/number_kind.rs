//! Country and kind of numbers, against the examples that the metadata brings itself.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::Msisdn;
use carrack_message::number::{NumberKind, NumberOrigin, origin};
use phonenumber::metadata::{DATABASE, Descriptors};
use proptest::prelude::*;

fn of(digits: u64) -> (Option<&'static str>, NumberKind) {
    let NumberOrigin { country, kind } = origin(Msisdn::from_u64(digits).unwrap());
    (country, kind)
}

#[test]
fn numbers_have_their_country_and_kind() {
    for (digits, country, kind) in [
        (447_400_123_456, Some("GB"), NumberKind::Mobile),
        (441_212_345_678, Some("GB"), NumberKind::Fixed),
        (449_012_345_678, Some("GB"), NumberKind::Premium),
        (447_624_000_001, Some("IM"), NumberKind::Mobile),
        (390_236_618_300, Some("IT"), NumberKind::Fixed),
        (15_208_782_491, Some("US"), NumberKind::FixedOrMobile),
        (18_007_233_456, Some("US"), NumberKind::TollFree),
        (13_459_492_311, Some("KY"), NumberKind::Fixed),
        (80_012_340_000, None, NumberKind::TollFree),
        (999_123_456_789, None, NumberKind::Unknown),
        (441_111_111, Some("GB"), NumberKind::Unknown),
    ] {
        assert_eq!(of(digits), (country, kind), "{digits}");
    }
}

#[test]
fn examples_of_the_metadata_are_what_they_are_examples_of() {
    type Part = fn(&Descriptors) -> Option<&phonenumber::metadata::Descriptor>;
    let parts: [(Part, &[NumberKind]); 5] = [
        (
            Descriptors::mobile,
            &[NumberKind::Mobile, NumberKind::FixedOrMobile],
        ),
        (
            Descriptors::fixed_line,
            &[NumberKind::Fixed, NumberKind::FixedOrMobile],
        ),
        (Descriptors::premium_rate, &[NumberKind::Premium]),
        (Descriptors::toll_free, &[NumberKind::TollFree]),
        (Descriptors::voip, &[NumberKind::Voip]),
    ];
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for region in DATABASE.iter() {
        for (part, kinds) in parts {
            let example = part(region.descriptors()).and_then(|found| found.example());
            let number = example.and_then(|national| {
                format!("{}{national}", region.country_code())
                    .parse::<Msisdn>()
                    .ok()
            });
            let Some(number) = number else { continue };
            tried += 1;
            let found = origin(number);
            // Countries that share a code share numbers that belong to none of them alone, such as 1-800.
            let sharing = DATABASE.region(&region.country_code()).unwrap();
            let is_of = match found.country {
                Some(country) => sharing.contains(&country),
                None => sharing == ["001"],
            };
            if !kinds.contains(&found.kind) || !is_of {
                wrong.push(format!(
                    "{number} of {}: {found:?}, expected one of {kinds:?}",
                    region.id()
                ));
            }
        }
    }
    assert!(tried > 800, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
}

#[test]
fn names_of_kinds_are_read() {
    for kind in [
        NumberKind::Mobile,
        NumberKind::FixedOrMobile,
        NumberKind::TollFree,
        NumberKind::Unknown,
    ] {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    assert!("landline".parse::<NumberKind>().is_err());
}

proptest! {
    #[test]
    fn no_number_is_too_odd(digits in 1_000_000_u64..1_000_000_000_000_000) {
        let _ = of(digits);
    }
}
