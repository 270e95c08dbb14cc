//! TON and NPI, and parameters of receipts and responses.

use super::scene::scene;

#[test]
fn t38_ton_and_npi_follow_the_kind_of_address() {
    scene(&["ton-npi-strict"])
        .play()
        .all_delivered()
        .nothing_doubled();
}

#[test]
fn t39_octets_too_many_or_too_few_are_taken() {
    scene(&["mo=20", "mo-trailing-nul"]).play().all_delivered();
    scene(&["mo=20", "mo-no-nul"]).play().all_delivered();
}

#[test]
fn t40_odd_parameters_are_carried() {
    for quirk in ["tlv-unknown", "tlv-cut", "tlv-repeated"] {
        scene(&[quirk]).play().all_delivered().nothing_doubled();
    }
}
