//! The report of a load as one HTML file that needs nothing else: plots over time, the table of figures, and the samples as JSON.
//!
//! Bounded by the timeline's samples: below 500 KB. Everything from outside is escaped.

mod plot;

use super::timeline::{Sample, SampleMs, Timeline};
use super::{LoadFault, LoadReport};
use plot::{Line, Plot, Scale};
use serde_json::Value;
use std::fmt::Write;

const STYLE: &str = "\
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em;color:#222;background:#fff}\
h1{font-size:1.4em}h2{font-size:1.05em;margin:1.6em 0 .2em}svg{width:100%;height:auto;display:block}\
svg text{font:12px system-ui,sans-serif;fill:#555}.grid{stroke:#ddd}.axis{stroke:#888}\
.key{font-size:.9em}.key b{display:inline-block;width:1.4em;height:.25em;margin:0 .4em 0 1em;vertical-align:middle}\
.at{min-height:1.5em;font-size:.9em;color:#555}table{border-collapse:collapse}td{padding:.1em 1.2em .1em 0;border-bottom:1px solid #eee}\
td+td{text-align:right;font-variant-numeric:tabular-nums}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.grid{stroke:#333}td{border-color:#333}svg text,.at{fill:#aaa;color:#aaa}}";

/// Shows the figures under the pointer: looks for the nearest sample in the JSON of the page.
const SCRIPT: &str = "\
const t=JSON.parse(document.getElementById('timeline').textContent);\
for(const p of document.querySelectorAll('figure')){const s=p.querySelector('svg'),o=p.querySelector('.at'),c=s.querySelector('.cursor');\
if(!c||!t.samples.length)continue;const end=t.samples[t.samples.length-1].until_s;\
s.addEventListener('mousemove',e=>{const b=s.viewBox.baseVal,r=s.getBoundingClientRect();\
const x=(e.clientX-r.left)/r.width*b.width,f=Math.min(1,Math.max(0,(x-+s.dataset.left)/+s.dataset.width))*end;\
let i=t.samples.findIndex(a=>a.until_s>=f);if(i<0)i=t.samples.length-1;const a=t.samples[i];\
const at=+s.dataset.left+a.until_s/end*+s.dataset.width;c.setAttribute('x1',at);c.setAttribute('x2',at);c.setAttribute('visibility','visible');\
const n=v=>v==null?'none':v.toLocaleString('en',{maximumFractionDigits:2});\
o.textContent=n(a.until_s)+' s: '+JSON.parse(s.dataset.lines).map(([l,k,per])=>{let v=k.split('.').reduce((w,q)=>w==null?w:w[q],a);\
return l+' '+n(per&&v!=null?v/a.seconds:v)}).join(', ')})}";

/// Writes the page of a load.
///
/// # Errors
/// [`LoadFault::Usage`] should a figure be no JSON, which does not happen.
pub fn write(title: &str, report: &LoadReport, timeline: &Timeline) -> Result<String, LoadFault> {
    let json = |fault: serde_json::Error| LoadFault::Usage(fault.to_string());
    let figures = serde_json::to_value(report).map_err(json)?;
    // No figure can end the element it stands in.
    let samples = serde_json::to_string(timeline)
        .map_err(json)?
        .replace('<', "\\u003c");
    let mut page = String::new();
    let title = escaped(title);
    let verdict = if report.is_success() {
        "all sent and answered, no receipt missing"
    } else {
        "not all went well: see unanswered, overdue, receipts_missing and fault"
    };
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{} messages in {:.1} s, {:.0} answers a second: {verdict}.</p>\n",
        report.sent, report.life_seconds, report.rate,
    );
    for plot in plots(timeline) {
        plot.write(&mut page, timeline);
    }
    page.push_str("<h2>Figures</h2>\n<table>\n");
    rows(&mut page, "", &figures);
    let _ = write!(
        page,
        "</table>\n<script type=\"application/json\" id=\"timeline\">{samples}</script>\n<script>{SCRIPT}</script>\n</body></html>\n"
    );
    Ok(page)
}

fn plots(timeline: &Timeline) -> Vec<Plot> {
    let rate = |label, key, count: fn(&Sample) -> u64| {
        Line::new(label, key, move |sample| {
            Some(count(sample) as f64 / sample.seconds)
        })
        .a_second()
    };
    let mut plots = vec![
        Plot {
            title: "Rate, messages a second".to_owned(),
            scale: Scale::Linear,
            lines: vec![
                rate("sent", "sent", |sample| sample.sent),
                rate("answered", "answered", |sample| sample.answered),
                rate("receipts", "receipts", |sample| sample.receipts),
                rate("refused", "refused", |sample| sample.refused),
            ],
        },
        Plot {
            title: "From when a message should have gone to its answer, milliseconds".to_owned(),
            scale: Scale::Logarithmic,
            lines: percentiles(
                ["latency_ms.p50", "latency_ms.p99", "latency_ms.max"],
                |s| s.latency_ms,
            ),
        },
        Plot {
            title: "From when a message should have gone to its receipt, milliseconds".to_owned(),
            scale: Scale::Logarithmic,
            lines: percentiles(
                ["receipt_ms.p50", "receipt_ms.p99", "receipt_ms.max"],
                |s| s.receipt_ms,
            ),
        },
        window_use(timeline),
    ];
    if timeline.samples.iter().all(|s| s.receipt_ms.is_none()) {
        plots.remove(2);
    }
    plots
}

fn window_use(timeline: &Timeline) -> Plot {
    Plot {
        title: format!(
            "Window use: messages in flight, of {} at most",
            timeline.window
        ),
        scale: Scale::Linear,
        lines: vec![
            Line::new("mean", "in_flight", |sample| Some(sample.in_flight)),
            Line::new("fullest", "in_flight_max", |sample| {
                Some(sample.in_flight_max as f64)
            }),
        ],
    }
}

fn percentiles(
    [p50, p99, max]: [&'static str; 3],
    of: fn(&Sample) -> Option<SampleMs>,
) -> Vec<Line> {
    vec![
        Line::new("p50", p50, move |sample| Some(of(sample)?.p50)),
        Line::new("p99", p99, move |sample| Some(of(sample)?.p99)),
        Line::new("slowest", max, move |sample| Some(of(sample)?.max)),
    ]
}

/// A row for each figure; figures inside others are named by both names.
fn rows(page: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                rows(page, &name, value);
            }
        }
        Value::Null => {}
        Value::String(text) => row(page, name, text),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            row(page, name, &format!("{number:.3}"));
        }
        other => row(page, name, &other.to_string()),
    }
}

fn row(page: &mut String, name: &str, value: &str) {
    let (name, value) = (escaped(name), escaped(value));
    let _ = writeln!(page, "<tr><td>{name}</td><td>{value}</td></tr>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use crate::load::timeline::SAMPLES_MAX;

    fn timeline(samples: usize, has_receipts: bool) -> Timeline {
        let latency = SampleMs {
            p50: 1.5,
            p99: 20.0,
            max: 130.0,
        };
        let sample = |place: usize| Sample {
            until_s: place as f64 + 1.0,
            seconds: 1.0,
            sent: 1_000 + place as u64,
            answered: 990,
            receipts: 980,
            in_flight: 12.5,
            in_flight_max: 40,
            latency_ms: (place != 3).then_some(latency),
            receipt_ms: has_receipts.then_some(latency),
            ..Sample::default()
        };
        Timeline {
            window: 100,
            samples: (0..samples).map(sample).collect(),
        }
    }

    #[test]
    fn a_page_is_one_bounded_file_that_loads_nothing() {
        let mut report = LoadReport::default();
        report.refused.insert("<b>&\"".into(), 3);
        let page = write("a <load>", &report, &timeline(SAMPLES_MAX, true)).unwrap();
        assert!(page.len() < 500_000, "{}", page.len());
        for forbidden in [
            "http:", "https:", "src=", "href=", "@import", "url(", "<b>&",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        assert!(page.contains("<title>a &lt;load&gt;</title>"));
        assert!(page.contains("refused.&lt;b&gt;&amp;&quot;"));
        assert_eq!(page.matches("<svg").count(), 4);
        assert!(!page.contains("NaN") && !page.contains("inf "));
    }

    #[test]
    fn a_load_without_receipts_has_no_plot_of_them() {
        let page = write("x", &LoadReport::default(), &timeline(5, false)).unwrap();
        assert_eq!(page.matches("<svg").count(), 3);
        // The sample without an answer is a gap: two pieces for each of three percentiles.
        assert_eq!(page.matches("<polyline").count(), 4 + 6 + 2);
    }

    #[test]
    fn a_load_that_did_nothing_has_a_page() {
        let page = write("x", &LoadReport::default(), &Timeline::default()).unwrap();
        assert!(!page.contains("NaN") && page.ends_with("</html>\n"));
    }
}
