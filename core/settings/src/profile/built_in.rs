//! Profiles that the program brings along: the files of `config/profiles`, but for `reference.toml`.

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// Names and texts, in order of names.
        pub(super) const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../config/profiles/", $name, ".toml")))),*];
    };
}

built_in![
    "carrack",
    "carrack-smscsim",
    "cdma-without-udh",
    "clicksend-like",
    "cloudhopper-smscsim",
    "decimal-response-hex-receipt",
    "default-alphabet-241",
    "error-body-wanted",
    "handset-queue-full",
    "hex-response-decimal-receipt",
    "india-dlt",
    "infobip-like",
    "jasmin-as-smsc",
    "jsmpp-simulator",
    "kannel-as-smsc",
    "latin1-default",
    "legacy-3.3",
    "node-smpp-server",
    "packed-septets",
    "payload-cut-by-carrier",
    "plus-sign-wanted",
    "receipts-without-esm-class",
    "slow-to-let-go",
    "smsportal-like",
    "specification-3.4",
    "specification-5.0",
    "strict-throttle",
    "text-receipt-wins",
    "ukarim-smscsim",
    "uuid-ids",
    "vendor-statuses",
    "vonage-like",
    "windows1252-default",
];
