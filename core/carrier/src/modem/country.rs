//! The country of a SIM, and numbers as its network writes them: without the country.
//!
//! Promise: a national number is completed only where it is a valid one there. Bound: what is read of a number by
//! [`number::tidy`], whose tables are read at the first one.

use carrack_message::{Msisdn, number};

use super::desk::SimIdentity;

/// Mobile country codes (ITU-T E.212) and countries (ISO 3166), in order.
const COUNTRIES: &str = "\
    202GR 204NL 206BE 208FR 212MC 213AD 214ES 216HU 218BA 219HR 220RS 221XK 222IT 225VA \
    226RO 228CH 230CZ 231SK 232AT 234GB 235GB 238DK 240SE 242NO 244FI 246LT 247LV 248EE \
    250RU 255UA 257BY 259MD 260PL 262DE 266GI 268PT 270LU 272IE 274IS 276AL 278MT 280CY \
    282GE 283AM 284BG 286TR 288FO 290GL 292SM 293SI 294MK 295LI 297ME 302CA 308PM 310US \
    311US 312US 313US 314US 315US 316US 330PR 332VI 334MX 338JM 340GP 342BB 344AG 346KY \
    348VG 350BM 352GD 354MS 356KN 358LC 360VC 362CW 363AW 364BS 365AI 366DM 368CU 370DO \
    372HT 374TT 376TC 400AZ 401KZ 402BT 404IN 405IN 406IN 410PK 412AF 413LK 414MM 415LB \
    416JO 417SY 418IQ 419KW 420SA 421YE 422OM 424AE 425IL 426BH 427QA 428MN 429NP 430AE \
    431AE 432IR 434UZ 436TJ 437KG 438TM 440JP 441JP 450KR 452VN 454HK 455MO 456KH 457LA \
    460CN 461CN 466TW 467KP 470BD 472MV 502MY 505AU 510ID 514TL 515PH 520TH 525SG 528BN \
    530NZ 536NR 537PG 539TO 540SB 541VU 542FJ 543WF 544AS 545KI 546NC 547PF 548CK 549WS \
    550FM 551MH 552PW 553TV 554TK 555NU 602EG 603DZ 604MA 605TN 606LY 607GM 608SN 609MR \
    610ML 611GN 612CI 613BF 614NE 615TG 616BJ 617MU 618LR 619SL 620GH 621NG 622TD 623CF \
    624CM 625CV 626ST 627GQ 628GA 629CG 630CD 631AO 632GW 633SC 634SD 635RW 636ET 637SO \
    638DJ 639KE 640TZ 641UG 642BI 643MZ 645ZM 646MG 647RE 648ZW 649NA 650MW 651LS 652BW \
    653SZ 654KM 655ZA 657ER 659SS 702BZ 704GT 706SV 708HN 710NI 712CR 714PA 716PE 722AR \
    724BR 730CL 732CO 734VE 736BO 738GY 740EC 744PY 746SR 748UY 750FK";
const CODE_DIGITS: usize = 3;

/// A number that a report of this SIM names without its country; by the SIM's own number, else by its subscriber's.
pub(super) fn complete(digits: &str, own: Option<Msisdn>, sim: &SimIdentity) -> Option<Msisdn> {
    let by_own = own.and_then(|own| number::origin(own).country);
    let country = by_own.or_else(|| country(sim.imsi.as_deref()?))?;
    number::tidy(digits, Some(country)).ok()
}

fn country(imsi: &str) -> Option<&'static str> {
    let code = imsi.get(..CODE_DIGITS)?;
    let mut all = COUNTRIES.split_ascii_whitespace();
    all.find_map(|entry| entry.strip_prefix(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(digits: &str, own: Option<u64>, imsi: &str) -> Option<u64> {
        let sim = SimIdentity {
            iccid: None,
            imsi: Some(imsi.to_owned()),
        };
        let own = own.and_then(Msisdn::from_u64);
        complete(digits, own, &sim).map(Msisdn::as_u64)
    }

    #[test]
    fn a_national_number_is_of_the_country_of_its_sim() {
        let german = "262021234567890";
        assert_eq!(
            completed("01701234567", None, german),
            Some(491_701_234_567)
        );
        assert_eq!(completed("1701234567", None, german), Some(491_701_234_567));
        assert_eq!(
            completed("491701234567", None, german),
            Some(491_701_234_567)
        );
        let british = Some(447_911_123_456);
        assert_eq!(
            completed("07400123456", british, german),
            Some(447_400_123_456)
        );
        assert_eq!(
            completed("07400123456", None, "234151234567890"),
            Some(447_400_123_456)
        );
        assert_eq!(
            completed("2015550123", None, "310260123456789"),
            Some(12_015_550_123)
        );
    }

    #[test]
    fn what_is_no_number_there_is_not_made_one() {
        for digits in ["", "1", "12345", "abc", "000", "*100#"] {
            assert_eq!(completed(digits, None, "262021234567890"), None, "{digits}");
        }
        assert_eq!(completed("01701234567", None, "999991234567890"), None);
        assert_eq!(completed("01701234567", None, "2"), None);
    }

    #[test]
    fn each_country_is_two_letters_behind_three_digits() {
        for entry in COUNTRIES.split_ascii_whitespace() {
            let (code, country) = entry.split_at(CODE_DIGITS);
            assert!(code.parse::<u16>().is_ok(), "{entry}");
            assert!(country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase()));
        }
    }
}
