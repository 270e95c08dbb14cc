//! Two syntaxes, told apart; conditions and defaults; bounds; faults that name their place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;

const COLUMNS: [&str; 5] = ["to", "first name", "count", "vip", "straße"];

fn columns() -> Vec<String> {
    COLUMNS.map(str::to_owned).to_vec()
}

fn parse(text: &str) -> Result<Template, TemplateFault> {
    let template = Template::parse(text, None, &columns())?;
    template.check()?;
    Ok(template)
}

fn say(text: &str, cells: [Option<&'static str>; 5]) -> Result<String, String> {
    let template = parse(text).map_err(|fault| fault.to_string())?;
    let mut out = String::new();
    template
        .render(
            &columns(),
            |column| Ok(cells[column].map(Cow::Borrowed)),
            &mut out,
        )
        .map_err(|verdict| verdict.detail)?;
    Ok(out)
}

const ADA: [Option<&str>; 5] = [
    Some("49"),
    Some("Ada"),
    Some("2"),
    Some(""),
    Some("Am Platz"),
];

#[test]
fn a_simple_template_stays_what_it_was() {
    for (text, said) in [
        ("Hello { First Name }!", "Hello Ada!"),
        ("{to}}} is one brace", "49} is one brace"),
        ("50 % {to} #1 *", "50 % 49 #1 *"),
        ("plain", "plain"),
    ] {
        assert!(matches!(parse(text), Ok(Template::Simple(_))), "{text}");
        assert_eq!(say(text, ADA).unwrap(), said);
    }
    let simple = Some(TemplateSyntax::Simple);
    let braces = Template::parse("{{{to}}} {{surname}}", simple, &columns());
    assert!(matches!(braces, Ok(Template::Simple(_))));
    let fault = say("{count}", [None; 5]).unwrap_err();
    assert!(fault.contains("missing in this row"), "{fault}");
}

#[test]
fn what_stands_between_two_braces_is_never_sent_as_it_is() {
    for (text, said) in [
        ("Hi {{ row[\"first name\"] }}", "Hi Ada"),
        ("Hallo {{ Vorname }}", "the word Vorname in braces"),
        ("Hi {{ first_name | upper", "of the template"),
        ("Hi {{ first_name ~ \"x\" }}", "Hi Adax"),
        ("{{{to}}} {{surname}}", "of the template"),
        ("{{ }}", "of the template"),
    ] {
        let found = say(text, ADA).unwrap_or_else(|fault| fault);
        assert!(found.contains(said), "{text}: {found}");
    }
}

#[test]
fn variables_defaults_conditions_and_plurals() {
    for (text, said) in [
        ("{{ to }}", "can be a column"),
        ("{{ too }}", "can be a column"),
        ("{{ first_name | upper }} {{ Count }}", "ADA 2"),
        (
            "{% if vip %}VIP{% elif count|int > 1 %}many{% else %}one{% endif %}",
            "many",
        ),
        (
            "{{ vip | default(\"guest\") }}, {{ count }} {{ count | plural(\"parcel\", \"parcels\") }}",
            "guest, 2 parcels",
        ),
        (
            "{# nothing #}{{ row[\"first name\"] }} {{ straße|truncate(2, \"...\") }}",
            "Ada Am...",
        ),
        ("{% if vip is empty %}a\nb{% endif %}\n", "a\nb\n"),
        (
            "{{ first_name|replace(\"a\", \"o\")|lower ~ \"!\" }}",
            "ado!",
        ),
        (
            "{{ \"{\" ~ to ~ \"}\" }} {%- if to %} x{% endif %}",
            "{49} x",
        ),
    ] {
        let found = say(text, ADA).unwrap_or_else(|fault| fault);
        assert!(found.contains(said), "{text}: {found}");
    }
    let syntax = |syntax| Template::parse("{{to}}", Some(syntax), &columns()).unwrap();
    assert!(matches!(
        syntax(TemplateSyntax::Simple),
        Template::Simple(_)
    ));
    assert!(syntax(TemplateSyntax::Jinja).uses(0) && !syntax(TemplateSyntax::Jinja).uses(1));
}

#[test]
fn a_column_that_a_row_has_not_is_a_fault_unless_there_is_a_default() {
    assert_eq!(
        say("Hi {{ vip | default(\"you\") }}", [None; 5]).unwrap(),
        "Hi you"
    );
    assert_eq!(say("Hi{% if vip %} x{% endif %}", [None; 5]).unwrap(), "Hi");
    let fault = say("Hi\n {{ vip | upper }}", [None; 5]).unwrap_err();
    assert!(fault.contains("line 2, column"), "{fault}");
}

#[test]
fn faults_name_line_and_column() {
    for (text, part) in [
        (
            "a\n {{ first_nam|upper }}",
            "line 2, column 5 of the template: `first_nam` is no column of the file; did you mean `first_name`?",
        ),
        (
            "{% for x in to %}{% endfor %}",
            "line 1, column 4 of the template: the tag \"for\"",
        ),
        ("{% set a = to %}", "the tag \"set\""),
        ("{% if to %}x", "of the template: syntax error"),
        ("é {{ to | upper }", "of the template: syntax error"),
        ("{{ to | uper }}", "unknown filter"),
        ("{% if to is evn %}{% endif %}", "unknown test"),
        ("{{ range(9)|length }}", "`range` is no column"),
        (
            "{{ to|upper }}{{ \"x\" * 1000000 }}",
            "column 22 of the template: there are no products",
        ),
        (
            "{{ to|upper }} {first name}",
            "column 16 of the template: {first name} would be sent as it stands",
        ),
    ] {
        let fault = parse(text).unwrap_err().to_string();
        assert!(fault.contains(part), "{text}: {fault}");
    }
}

#[test]
fn a_text_is_bounded_however_its_template_makes_it() {
    let long: &'static str = Box::leak("a".repeat(16 << 10).into_boxed_str());
    let mut cells = ADA;
    cells[1] = Some(long);
    let fault = say("{{ first_name|replace(\"a\", \"aaaaaaaa\")|upper }}", cells).unwrap_err();
    assert!(fault.contains("too long"), "{fault}");
    let fault = say(&"{{ first_name|upper }}".repeat(5), cells).unwrap_err();
    assert!(fault.contains("longer than 65536 octets"), "{fault}");
    let fault = say(&"{{ to|upper }}".repeat(2_000), ADA).unwrap_err();
    assert!(fault.contains("longer than"), "{fault}");
    let fault = say(&"{first name}".repeat(5), cells).unwrap_err();
    assert!(fault.contains("longer than 65536 octets"), "{fault}");
    assert_eq!(
        say(&"{first name}".repeat(4), cells).unwrap().len(),
        64 << 10
    );
    for syntax in [
        None,
        Some(TemplateSyntax::Simple),
        Some(TemplateSyntax::Jinja),
    ] {
        let long = "{to}".repeat((16 << 10) / 4) + " ";
        let fault = Template::parse(&long, syntax, &columns()).unwrap_err();
        assert_eq!(fault, TemplateFault::TooLong);
    }
}

proptest! {
    #[test]
    fn no_template_panics(text in "[{}%#|a-c\"'*.~()\\[\\] \n]{0,24}", more in prop::sample::select(vec!["", "{{ to|upper }}", "{% if vip %}"])) {
        let text = format!("{more}{text}");
        if let Ok(template) = parse(&text) {
            let mut out = String::new();
            drop(template.render(&columns(), |column| Ok(ADA[column].map(Cow::Borrowed)), &mut out));
        }
    }
}

#[test]
fn a_comparison_that_goes_one_way_in_every_row_is_refused_with_its_cure() {
    for (text, said) in [
        (
            "{% if count > 1 %}many{% endif %}",
            "line 1, column 7 of the template: `count` is a text and 1 a number",
        ),
        ("{% if 1 == count %}one{% endif %}", "write count|int"),
        (
            "a\n{{ \"x\" if row.count >= 2 else \"y\" }}",
            "write row.count|int",
        ),
        ("{% if row[\"first name\"] == 1 %}x{% endif %}", "|int"),
        (
            "{% if count|default(0) > 1 %}x{% endif %}",
            "count|default(0)|int",
        ),
        ("{% if count|trim < -1 %}x{% endif %}", "count|trim|int"),
        (
            "{% if count|int == \"1\" %}x{% endif %}",
            "leave the quotes out",
        ),
        ("{% if vip == true %}x{% endif %}", "vip is yes"),
        ("{% if vip and count != 0 %}x{% endif %}", "count|int"),
        ("{% if count in [1, 2] %}x{% endif %}", "count|int"),
        ("{% if count is odd %}x{% endif %}", "count|int is odd"),
        ("{% if count is eq(1) %}x{% endif %}", "count|int"),
        ("{% if vip %}{% elif count == 1 %}x{% endif %}", "count|int"),
    ] {
        let fault = parse(text).unwrap_err().to_string();
        assert!(fault.contains(said), "{text}: {fault}");
    }
    for (text, said) in [
        ("{% if count|int > 1 and count == \"2\" %}x{% endif %}", "x"),
        (
            "{% if count|int in [1, 2] and to|length == 2 %}x{% endif %}",
            "x",
        ),
        ("{% if count|default(0)|int is even %}x{% endif %}", "x"),
        (
            "{% if first_name == row[\"first name\"] %}x{% endif %}",
            "x",
        ),
        ("{% if to < first_name %}x{% endif %}", "x"),
    ] {
        assert_eq!(say(text, ADA).as_deref(), Ok(said), "{text}");
    }
}

#[test]
fn a_cell_that_says_no_is_never_taken_for_a_yes() {
    let with = |vip: &'static str| [Some("49"), Some("Ada"), Some("2"), Some(vip), None];
    let alone = "{% if not (to and vip) %}plain{% else %}VIP{% endif %}";
    for (vip, said) in [("", "plain"), ("gold", "VIP"), ("1", "VIP")] {
        assert_eq!(say(alone, with(vip)).as_deref(), Ok(said), "{vip}");
    }
    for no in ["0", "no", " FALSE ", "No"] {
        let fault = say(alone, with(no)).unwrap_err();
        assert!(fault.contains("if vip is yes"), "{fault}");
        let fault = say("{{ \"VIP\" if row.vip else \"\" }}", with(no)).unwrap_err();
        assert!(fault.contains("is yes"), "{fault}");
    }
    let asked = "{% if vip is yes %}VIP{% else %}plain{% endif %}";
    for (vip, said) in [
        ("", "plain"),
        ("0", "plain"),
        ("Nein", "plain"),
        ("false", "plain"),
        ("1", "VIP"),
        ("TRUE", "VIP"),
        (" ja ", "VIP"),
    ] {
        assert_eq!(say(asked, with(vip)).as_deref(), Ok(said), "{vip}");
    }
    let fault = say(asked, with("perhaps")).unwrap_err();
    assert!(
        fault.contains("\"perhaps\" is neither yes nor no"),
        "{fault}"
    );
    assert_eq!(
        say("{% if vip is empty %}a{% endif %}", with("no")).as_deref(),
        Ok("")
    );
}

#[test]
fn what_is_reckoned_with_cells_has_a_number_or_a_fault() {
    for (text, said) in [
        (
            "{{ count|round }} {{ \"-2.5\"|abs }} {{ \"2.6\"|round }}",
            "2 2.5 3.0",
        ),
        (
            "{{ \"3.9\"|int }} {{ \" 7 \"|int + 1 }} {{ count|float }}",
            "3 8 2.0",
        ),
        ("{{ count|int is divisibleby(0) }}", "False"),
    ] {
        assert_eq!(say(text, ADA).as_deref(), Ok(said), "{text}");
    }
    for (text, said) in [
        (
            "{{ vip|int }}",
            "\"\" is no number; where a cell may be empty, give it a default before: default(0)|int",
        ),
        ("{{ first_name|round }}", "\"Ada\" is no number"),
        ("{{ \"nan\"|float }} {{ vip }}", "is no number"),
        ("{{ 1/0 }} {{ vip }}", "do not divide by 0"),
        ("{{ count|int/(count|int - 2) }}", "do not divide by 0"),
        (
            "{{ vip|plural(\"a\", \"b\") }}",
            "plural: \"\" is no number",
        ),
    ] {
        let fault = say(text, ADA).unwrap_err();
        assert!(
            fault.contains(said) && !fault.contains("invalid operation"),
            "{text}: {fault}"
        );
    }
    let fault = say("{{ vip|upper }}", [None; 5]).unwrap_err();
    assert!(
        fault.contains("this row has nothing there; give it a default"),
        "{fault}"
    );
}

/// Each of these ended the process, or took memory or time without bound, before anything was counted.
#[test]
fn a_template_is_bounded_before_anything_is_built_of_it() {
    let chain = |of: &str, count: usize| of.repeat(count);
    for (text, said) in [
        (
            format!("{{{{ {}to }}}}", chain("-", 16_000)),
            "words and signs within one pair",
        ),
        (
            format!("{{{{ {}to }}}}", chain("to~", 5_000)),
            "more than 16 joins",
        ),
        (
            format!("{{{{ {}1 }}}}", chain("1+", 7_000)),
            "more than 16 joins",
        ),
        (
            format!("{{{{ {}to }}}}", chain("not ", 3_000)),
            "words and signs within one pair",
        ),
        (
            format!("{{{{ {}to{} }}}}", chain("(", 3_000), chain(")", 3_000)),
            "words and signs within one pair",
        ),
        (
            format!("{{{{ to{} }}}}", chain("|upper", 2_000)),
            "words and signs within one pair",
        ),
        (chain("{{ to|upper }}", 1_100), "more than 1024 words"),
        (chain("{{to~to}}x", 100), "more than 64 joins"),
        (
            format!(
                "{}x{}",
                chain("{% if to %}", 600),
                chain("{% endif %}", 600)
            ),
            "more than 64 conditions",
        ),
        (
            format!("{{% if to %}}{}{{% endif %}}", chain("{% elif to %}", 900)),
            "more than 64 conditions",
        ),
        ("{{ (\"}}\"*49999999)|length }}".to_owned(), "no products"),
        ("{{ \"%}\" ~ 2 ** 3 }}".to_owned(), "no products"),
        ("{{ to[::count|int] }}".to_owned(), "no slices"),
        ("{{ {\"a\": to} }}".to_owned(), "no maps"),
        (
            "{% for x in to %}{% endfor %}".to_owned(),
            "the tag \"for\" is not read here",
        ),
        ("{{ \"not closed }}".to_owned(), "of the template"),
    ] {
        let fault = parse(&text).unwrap_err().to_string();
        assert!(
            fault.contains(said),
            "{}: {fault}",
            &text[..40.min(text.len())]
        );
    }
    let full = format!(
        "{}{{{{ to{} }}}}{}{}",
        chain("{% if to %}", 32),
        chain("~to", 16),
        chain("{% endif %}", 32),
        "{% raw %}{{ a * b[1:2] }}{% endraw %}"
    );
    let found = say(&full, ADA).unwrap();
    assert_eq!(found, format!("{}{{{{ a * b[1:2] }}}}", chain("49", 17)));
}
