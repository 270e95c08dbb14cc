//! The currencies of ISO 4217.
//!
//! A list, because three letters alone tell no slip: `EUX` has the form of a currency. Codes that left the standard since
//! 2020 stay, for lists that are older; so do the code for tests and that for no currency.

use carrack_message::Currency;

const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP \
BYN BZD CAD CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP \
GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD \
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR \
PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB \
TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XCD XCG XDR XOF \
XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL";

/// Whether ISO 4217 knows a currency.
#[must_use]
pub fn is_known(currency: Currency) -> bool {
    CODES
        .split(' ')
        .any(|code| code.as_bytes() == currency.0.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_no_currency() {
        for code in [*b"EUR", *b"USD", *b"GBP", *b"ZWG", *b"AED"] {
            assert!(is_known(Currency(code)));
        }
        for code in [*b"EUX", *b"UDS", *b"EU ", *b"   "] {
            assert!(!is_known(Currency(code)));
        }
    }

    #[test]
    fn codes_stand_in_order_once() {
        let codes: Vec<&str> = CODES.split(' ').collect();
        assert!(codes.is_sorted());
        assert!(codes.iter().all(|code| code.len() == 3));
        assert!(codes.windows(2).all(|pair| pair.first() != pair.last()));
    }
}
