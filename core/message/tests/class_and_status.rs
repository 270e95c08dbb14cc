//! Classes and statuses keep their names, their numbers and their order.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::{Class, Status};

#[test]
fn classes_order_from_otp_to_bulk() {
    assert!(Class::Otp < Class::Alert);
    assert!(Class::Alert < Class::Transactional);
    assert!(Class::Transactional < Class::Bulk);
}

#[test]
fn every_class_is_read_back_from_name_and_number_and_no_other_is() {
    for class in Class::ALL {
        assert_eq!(class.to_string().parse(), Ok(class));
        assert_eq!(Class::from_u8(class.as_u8()), Some(class));
        assert_eq!(Class::ALL[usize::from(class.as_u8())], class);
    }
    assert!((4..=u8::MAX).all(|value| Class::from_u8(value).is_none()));
    assert!("OTP".parse::<Class>().is_err());
}

#[test]
fn every_status_is_read_back_from_name_and_number_and_no_other_is() {
    for status in Status::ALL {
        assert_eq!(status.to_string().parse(), Ok(status));
        assert_eq!(Status::from_u8(status.as_u8()), Some(status));
        assert_eq!(Status::ALL[usize::from(status.as_u8())], status);
    }
    assert!((10..=u8::MAX).all(|value| Status::from_u8(value).is_none()));
    assert!("".parse::<Status>().is_err());
}

#[test]
fn what_may_still_change_is_not_final() {
    let open: Vec<_> = Status::ALL
        .into_iter()
        .filter(|status| !status.is_final())
        .collect();
    assert_eq!(
        open,
        [
            Status::Accepted,
            Status::Scheduled,
            Status::Sending,
            Status::Submitted
        ]
    );
}
