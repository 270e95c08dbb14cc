//! One plot over time as inline SVG: lines with gaps where nothing is known, a linear or a logarithmic scale.

use crate::load::timeline::{Sample, Timeline};
use std::fmt::Write;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 15.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 25.0;
const COLOURS: [&str; 4] = ["#1f77b4", "#e07b00", "#2a9d4a", "#c0392b"];
/// Marks on the axis of time, at most, beside that at 0.
const TIME_MARKS: u32 = 6;
/// Values below this are drawn at it on a logarithmic scale.
const LOGARITHMIC_MIN: f64 = 0.001;

/// How values become heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// From 0.
    Linear,
    /// By powers of ten.
    Logarithmic,
}

/// What a line shows of a sample.
type Value = Box<dyn Fn(&Sample) -> Option<f64>>;

/// One line of a plot.
pub(super) struct Line {
    label: &'static str,
    /// Where the value stands in a sample of the page's JSON.
    key: &'static str,
    is_a_second: bool,
    value: Value,
}

impl Line {
    /// A line of values; `key` is where they stand in a sample.
    pub(super) fn new(
        label: &'static str,
        key: &'static str,
        value: impl Fn(&Sample) -> Option<f64> + 'static,
    ) -> Self {
        Self {
            label,
            key,
            is_a_second: false,
            value: Box::new(value),
        }
    }

    /// The value is what stands at the key divided by the sample's length.
    pub(super) fn a_second(self) -> Self {
        Self {
            is_a_second: true,
            ..self
        }
    }
}

/// One plot.
pub(super) struct Plot {
    /// What it shows, with the unit.
    pub(super) title: String,
    /// Its scale.
    pub(super) scale: Scale,
    /// Its lines, at most four.
    pub(super) lines: Vec<Line>,
}

impl Plot {
    /// Appends the plot to a page.
    pub(super) fn write(&self, page: &mut String, timeline: &Timeline) {
        let samples = &timeline.samples;
        let end_s = samples.last().map_or(1.0, |last| last.until_s).max(1e-3);
        let axis = self.axis(samples);
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| (line.label, line.key, line.is_a_second))
            .collect();
        let lines = serde_json::to_string(&lines).unwrap_or_default();
        let (plot_width, bottom) = (WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM);
        let _ = write!(
            page,
            "<h2>{}</h2>\n<figure style=\"margin:0\"><div class=\"key\">{}</div>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
data-left=\"{LEFT}\" data-width=\"{plot_width}\" data-lines='{lines}'>\n",
            self.title,
            self.key(),
        );
        axes(page, axis, end_s);
        for (line, colour) in self.lines.iter().zip(COLOURS) {
            let point = |sample: &Sample| {
                let value = (line.value)(sample)?;
                // In the middle of its time.
                let x = (sample.until_s - sample.seconds / 2.0).max(0.0) / end_s;
                Some((LEFT + x * plot_width, axis.height(value)))
            };
            polylines(page, samples.iter().map(point), colour);
        }
        let _ = write!(
            page,
            "<line class=\"cursor axis\" y1=\"{TOP}\" y2=\"{bottom}\" visibility=\"hidden\"/>\n</svg><div class=\"at\"></div></figure>\n"
        );
    }

    fn key(&self) -> String {
        self.lines
            .iter()
            .zip(COLOURS)
            .map(|(line, colour)| format!("<b style=\"background:{colour}\"></b>{}", line.label))
            .collect()
    }

    fn axis(&self, samples: &[Sample]) -> Axis {
        let values = || {
            self.lines
                .iter()
                .flat_map(|line| samples.iter().filter_map(|sample| (line.value)(sample)))
                .filter(|value| value.is_finite())
        };
        let highest = values().fold(0.0, f64::max);
        match self.scale {
            Scale::Linear => Axis {
                scale: self.scale,
                from: 0.0,
                to: round_up(highest),
            },
            Scale::Logarithmic => {
                let lowest = values().fold(f64::INFINITY, f64::min);
                let lowest = if lowest.is_finite() { lowest } else { 1.0 };
                let from = lowest.max(LOGARITHMIC_MIN).log10().floor();
                let to = highest.max(LOGARITHMIC_MIN).log10().ceil().max(from + 1.0);
                Axis {
                    scale: self.scale,
                    from,
                    to,
                }
            }
        }
    }
}

/// The axis of values: from and to are powers of ten where it is logarithmic.
#[derive(Debug, Clone, Copy)]
struct Axis {
    scale: Scale,
    from: f64,
    to: f64,
}

impl Axis {
    fn height(self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(LOGARITHMIC_MIN).log10(),
        };
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    /// Values with a line of their own, and how they are written.
    fn marks(self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => (0..=4)
                .map(|mark| self.to * f64::from(mark) / 4.0)
                .map(|value| (value, short(value)))
                .collect(),
            Scale::Logarithmic => (self.from as i32..=self.to as i32)
                .map(|power| 10_f64.powi(power))
                .map(|value| (value, short(value)))
                .collect(),
        }
    }
}

/// Draws the axes, with their marks.
fn axes(page: &mut String, axis: Axis, end_s: f64) {
    for (value, label) in axis.marks() {
        let y = axis.height(value);
        let _ = writeln!(
            page,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0,
        );
    }
    let step_s = round_up(end_s / f64::from(TIME_MARKS));
    for mark_s in (0..=TIME_MARKS).map(|mark| f64::from(mark) * step_s) {
        if mark_s > end_s {
            break;
        }
        let share = mark_s / end_s;
        let _ = writeln!(
            page,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{} s</text>",
            LEFT + share * (WIDTH - LEFT - RIGHT),
            HEIGHT - 6.0,
            short(mark_s),
        );
    }
    let _ = writeln!(
        page,
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{LEFT}\" y1=\"{TOP}\" y2=\"{}\"/>",
        HEIGHT - BOTTOM
    );
}

/// Draws points that follow each other as one line, and begins a new one behind a gap.
fn polylines(page: &mut String, points: impl Iterator<Item = Option<(f64, f64)>>, colour: &str) {
    let mut is_open = false;
    let end = format!(
        "\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linecap=\"round\"/>\n"
    );
    for point in points {
        match point {
            Some((x, y)) => {
                page.push_str(if is_open { " " } else { "<polyline points=\"" });
                // A single point shows as a dot.
                let _ = write!(page, "{x:.1},{y:.1}");
                if !is_open {
                    let _ = write!(page, " {x:.1},{y:.1}");
                }
                is_open = true;
            }
            None if is_open => {
                page.push_str(&end);
                is_open = false;
            }
            None => {}
        }
    }
    if is_open {
        page.push_str(&end);
    }
}

/// The next of 1, 2, 4, 5 or 8 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 4.0, 5.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= value)
        .unwrap_or(value)
}

/// A value in few characters.
fn short(value: f64) -> String {
    let (value, unit) = if value >= 1e6 {
        (value / 1e6, "M")
    } else if value >= 1e4 {
        (value / 1e3, "k")
    } else {
        (value, "")
    };
    let text = format!("{value:.3}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
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

    #[test]
    fn an_axis_ends_at_a_round_value_not_below_the_highest() {
        for (value, end) in [
            (0.0, 1.0),
            (7.0, 8.0),
            (100.0, 100.0),
            (101.0, 200.0),
            (0.03, 0.04),
        ] {
            let found = round_up(value);
            assert!((found - end).abs() < 1e-9, "{value}: {found}");
        }
    }

    #[test]
    fn values_are_written_short() {
        let texts = [0.0, 0.5, 150.0, 20_000.0, 1_500_000.0].map(short);
        assert_eq!(texts, ["0", "0.5", "150", "20k", "1.5M"]);
    }
}
