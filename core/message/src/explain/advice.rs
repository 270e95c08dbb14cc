//! What to write instead of characters that make a text dearer: what looks or reads alike in the GSM 7-bit alphabet.
//!
//! Letters of other scripts have no advice: replacing them would change the text.

/// A name where the character is hard to tell, and what to write instead.
pub(super) fn of(found: char) -> (Option<&'static str>, Option<&'static str>) {
    for (named, name, instead) in NAMED {
        if *named == found {
            return (Some(name), Some(instead));
        }
    }
    (None, plain(found))
}

/// What to write instead of one that has a name here.
pub(crate) fn named(found: char) -> Option<&'static str> {
    let found = NAMED.iter().find(|(named, ..)| *named == found);
    found.map(|(_, _, instead)| *instead)
}

/// Characters that word processors and telephones put in unasked, and look-alikes.
#[rustfmt::skip]
const NAMED: &[(char, &str, &str)] = &[
    ('\u{2018}', "left single quotation mark", "'"), ('\u{2019}', "right single quotation mark", "'"),
    ('\u{201A}', "low single quotation mark", "'"), ('\u{201B}', "reversed single quotation mark", "'"),
    ('\u{2032}', "prime", "'"), ('\u{00B4}', "acute accent", "'"), ('`', "grave accent", "'"),
    ('\u{02BC}', "modifier apostrophe", "'"), ('\u{2039}', "single left guillemet", "<"), ('\u{203A}', "single right guillemet", ">"),
    ('\u{201C}', "left double quotation mark", "\""), ('\u{201D}', "right double quotation mark", "\""),
    ('\u{201E}', "low double quotation mark", "\""), ('\u{201F}', "reversed double quotation mark", "\""),
    ('\u{2033}', "double prime", "\""), ('\u{00AB}', "left guillemet", "\""), ('\u{00BB}', "right guillemet", "\""),
    ('\u{2010}', "hyphen", "-"), ('\u{2011}', "non-breaking hyphen", "-"), ('\u{2012}', "figure dash", "-"),
    ('\u{2013}', "en dash", "-"), ('\u{2014}', "em dash", "-"), ('\u{2015}', "horizontal bar", "-"),
    ('\u{2212}', "minus sign", "-"), ('\u{2022}', "bullet", "-"), ('\u{25CF}', "black circle", "-"),
    ('\u{00B7}', "middle dot", "."), ('\u{2026}', "ellipsis", "..."),
    ('\u{00A0}', "no-break space", " "), ('\u{2000}', "en quad", " "), ('\u{2001}', "em quad", " "),
    ('\u{2002}', "en space", " "), ('\u{2003}', "em space", " "), ('\u{2004}', "three-per-em space", " "),
    ('\u{2005}', "four-per-em space", " "), ('\u{2006}', "six-per-em space", " "), ('\u{2007}', "figure space", " "),
    ('\u{2008}', "punctuation space", " "), ('\u{2009}', "thin space", " "), ('\u{200A}', "hair space", " "),
    ('\u{202F}', "narrow no-break space", " "), ('\u{205F}', "mathematical space", " "), ('\u{3000}', "ideographic space", " "),
    ('\t', "tab", " "), ('\u{2028}', "line separator", "\n"), ('\u{2029}', "paragraph separator", "\n"), ('\u{85}', "next line", "\n"),
    ('\u{200B}', "zero-width space", ""), ('\u{200C}', "zero-width non-joiner", ""), ('\u{200E}', "left-to-right mark", ""),
    ('\u{200F}', "right-to-left mark", ""), ('\u{2060}', "word joiner", ""), ('\u{FEFF}', "byte order mark", ""),
    ('\u{AD}', "soft hyphen", ""), ('\u{FE0F}', "emoji presentation selector", ""), ('\u{202A}', "left-to-right embedding", ""),
    ('\u{202C}', "pop directional formatting", ""), ('\0', "NUL", ""),
    ('\u{391}', "Greek capital alpha", "A"), ('\u{392}', "Greek capital beta", "B"), ('\u{395}', "Greek capital epsilon", "E"),
    ('\u{396}', "Greek capital zeta", "Z"), ('\u{397}', "Greek capital eta", "H"), ('\u{399}', "Greek capital iota", "I"),
    ('\u{39A}', "Greek capital kappa", "K"), ('\u{39C}', "Greek capital mu", "M"), ('\u{39D}', "Greek capital nu", "N"),
    ('\u{39F}', "Greek capital omicron", "O"), ('\u{3A1}', "Greek capital rho", "P"), ('\u{3A4}', "Greek capital tau", "T"),
    ('\u{3A5}', "Greek capital upsilon", "Y"), ('\u{3A7}', "Greek capital chi", "X"), ('\u{2126}', "ohm sign", "\u{3A9}"),
    ('\u{C}', "form feed", "\n"),
];

/// Accents taken away, signs spelt out, brackets of one septet for those of two.
fn plain(found: char) -> Option<&'static str> {
    Some(match found {
        'á' | 'â' | 'ã' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => "c",
        'Ć' | 'Č' | 'Ĉ' | 'Ċ' => "C",
        'ď' | 'đ' | 'ð' => "d",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'ğ' | 'ģ' | 'ġ' => "g",
        'Ğ' | 'Ģ' | 'Ġ' => "G",
        'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ī' | 'Į' | 'İ' => "I",
        'ķ' => "k",
        'Ķ' => "K",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'Ł' | 'Ļ' | 'Ľ' | 'Ĺ' => "L",
        'ń' | 'ň' | 'ņ' => "n",
        'Ń' | 'Ň' | 'Ņ' => "N",
        'ó' | 'ô' | 'õ' | 'ō' | 'ő' | 'º' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ő' => "O",
        'ŕ' | 'ř' => "r",
        'Ŕ' | 'Ř' => "R",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'ť' | 'ţ' | 'ț' => "t",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'Ù' | 'Ú' | 'Û' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ý' | 'ÿ' => "y",
        'Ý' | 'Ÿ' => "Y",
        'ź' | 'ż' | 'ž' => "z",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'œ' => "oe",
        'Œ' => "OE",
        '×' => "x",
        '÷' => "/",
        '©' => "(c)",
        '®' => "(r)",
        '™' => "(tm)",
        '½' => "1/2",
        '¼' => "1/4",
        '¾' => "3/4",
        '[' | '{' => "(",
        ']' | '}' => ")",
        '|' | '\\' => "/",
        '~' => "-",
        _ => return None,
    })
}
