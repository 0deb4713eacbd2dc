//! Plots as SVG files, to be looked at in a report or a README.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::{
    ChartBuilder, Circle, Color, DashedLineSeries, EmptyElement, IntoDrawingArea, IntoFont,
    IntoLogRange, LineSeries, PathElement, RGBColor, SVGBackend, SeriesLabelPosition, ShapeStyle,
    WHITE,
};
use shoal_sim::{Comparison, Report};

/// Offload at one point of a sweep, in shares of what the origin sends without P2P.
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) offload: f64,
    pub(crate) ceiling: f64,
}

/// Offload against the number of viewers, on a logarithmic axis.
pub(crate) fn offload_by_viewers(
    folder: &Path,
    slug: &str,
    title: &str,
    points: &[Point],
) -> anyhow::Result<()> {
    let most = points.iter().map(|point| point.x).fold(10.0, f64::max);
    let chart = Chart {
        title: format!("Offload by swarm size: {title}"),
        x: "viewers",
        y: "offload (%)",
        y_most: 100.0,
        lines: offload_lines(points),
    };
    let range = (1.0..most).log_scale();
    chart.write(folder, &format!("offload-by-viewers-{slug}.svg"), range)
}

/// Offload against the percentage of viewers who have said no.
pub(crate) fn offload_by_p2p_off(
    folder: &Path,
    slug: &str,
    title: &str,
    points: &[Point],
) -> anyhow::Result<()> {
    let most = points.iter().map(|point| point.x).fold(1.0, f64::max);
    let chart = Chart {
        title: format!("Offload by viewers without P2P: {title}"),
        x: "viewers who have said no (%)",
        y: "offload (%)",
        y_most: 100.0,
        lines: offload_lines(points),
    };
    chart.write(folder, &format!("offload-by-p2p-off-{slug}.svg"), 0.0..most)
}

/// What the origin sends over time, with P2P and without.
pub(crate) fn origin_load(
    folder: &Path,
    slug: &str,
    title: &str,
    comparison: &Comparison,
) -> anyhow::Result<()> {
    let load = |report: &Report| -> Vec<(f64, f64)> {
        let mbits = |bytes: u64| bytes as f64 * 8.0 / 1e6 / LOAD_SPAN;
        // Each span is drawn at its middle.
        let spans = (0..).map(|nth| (f64::from(nth) + 0.5) * LOAD_SPAN);
        let load = report.origin_load.iter();
        spans
            .zip(load)
            .map(|(at, &bytes)| (at, mbits(bytes)))
            .collect()
    };
    let mut lines = vec![
        Line::of("with P2P", BLUE, load(&comparison.shared)),
        Line::of("HTTP only", RED, load(&comparison.alone)),
    ];
    let hybrid = comparison.hybrid.as_ref();
    lines.extend(hybrid.map(|report| Line::of(HYBRID, GREY, load(report))));
    let chart = Chart {
        title: format!("Origin load: {title}"),
        x: "time (s)",
        y: "origin load (Mbit/s)",
        y_most: room_above(&lines, 1.0),
        lines,
    };
    let points = chart.lines.iter().flat_map(|line| &line.points);
    let end = points.map(|&(x, _)| x).fold(LOAD_SPAN, f64::max);
    chart.write(folder, &format!("origin-load-{slug}.svg"), 0.0..end)
}

/// How many viewers waited in mid-play for longer than so many seconds, with P2P and without.
pub(crate) fn stalls(
    folder: &Path,
    slug: &str,
    title: &str,
    comparison: &Comparison,
) -> anyhow::Result<()> {
    let hybrid = comparison.hybrid.as_ref();
    let arms = [&comparison.shared, &comparison.alone].into_iter();
    let waits = arms.chain(hybrid).flat_map(|report| &report.viewers);
    let longest = waits.map(|viewer| viewer.waited().as_secs_f64());
    let end = longest.fold(LEAST_WAIT, f64::max);
    let mut lines = vec![
        Line::of("with P2P", BLUE, waiting_longer(&comparison.shared, end)),
        Line::of("HTTP only", RED, waiting_longer(&comparison.alone, end)).dashed(),
    ];
    lines.extend(hybrid.map(|report| Line::of(HYBRID, GREY, waiting_longer(report, end))));
    let chart = Chart {
        title: format!("Stalls: {title}"),
        x: "waited in mid-play (s)",
        y: "viewers who waited longer (%)",
        y_most: room_above(&lines, LEAST_WAITING).min(100.0),
        lines,
    };
    chart.write(folder, &format!("stalls-{slug}.svg"), 0.0..end)
}

fn offload_lines(points: &[Point]) -> Vec<Line> {
    let line = |figure: fn(&Point) -> f64| {
        let points = points.iter();
        points
            .map(|point| (point.x, figure(point) * 100.0))
            .collect()
    };
    vec![
        Line::of("offload", BLUE, line(|point| point.offload)).marked(),
        Line::of(
            "ceiling: every segment sent once",
            GREY,
            line(|point| point.ceiling),
        )
        .dashed(),
    ]
}

/// Steps of (seconds, percentage of viewers who waited longer).
fn waiting_longer(report: &Report, end: f64) -> Vec<(f64, f64)> {
    let viewers = report.viewers.iter();
    let mut waits: Vec<f64> = viewers
        .map(|viewer| viewer.waited().as_secs_f64())
        .collect();
    waits.sort_by(f64::total_cmp);
    let all = waits.len().max(1) as f64;
    let longer = |than: f64| {
        let longer = waits.len() - waits.partition_point(|&wait| wait <= than);
        longer as f64 / all * 100.0
    };
    let mut steps = vec![(0.0, longer(0.0))];
    for &wait in waits.iter().filter(|&&wait| wait > 0.0) {
        let before = steps.last().map_or(0.0, |&(_, percent)| percent);
        steps.extend([(wait, before), (wait, longer(wait))]);
    }
    steps.push((end, 0.0));
    steps
}

/// As many decimals as it has, up to one.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "this is how plotters calls it"
)]
fn number(number: &f64) -> String {
    format!("{}", (number * 10.0).round() / 10.0)
}

/// A tenth more than the highest point.
fn room_above(lines: &[Line], least: f64) -> f64 {
    let points = lines.iter().flat_map(|line| &line.points);
    points.map(|&(_, y)| y * 1.1).fold(least, f64::max)
}

struct Chart {
    title: String,
    x: &'static str,
    y: &'static str,
    y_most: f64,
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    colour: RGBColor,
    dashed: bool,
    /// Each point is a measurement, and marked.
    marked: bool,
    points: Vec<(f64, f64)>,
}

impl Line {
    fn of(name: &'static str, colour: RGBColor, points: Vec<(f64, f64)>) -> Self {
        Self {
            name,
            colour,
            dashed: false,
            marked: false,
            points,
        }
    }

    fn marked(mut self) -> Self {
        self.marked = true;
        self
    }

    fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }
}

impl Chart {
    fn write<X>(&self, folder: &Path, name: &str, x: X) -> anyhow::Result<()>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let file = folder.join(name);
        let mut svg = String::new();
        self.draw(&mut svg, x)
            .map_err(|error| anyhow!("cannot draw {name}: {error}"))?;
        fs::write(&file, svg).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("{}", file.display());
        Ok(())
    }

    fn draw<X>(&self, svg: &mut String, x: X) -> Result<(), Box<dyn std::error::Error + '_>>
    where
        X: AsRangedCoord<Value = f64>,
        X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| error.to_string())?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, (FONT, 24).into_font())
            .margin(16)
            .x_label_area_size(56)
            .y_label_area_size(80)
            .build_cartesian_2d(x, 0.0..self.y_most)
            .map_err(|error| error.to_string())?;
        chart
            .configure_mesh()
            .x_desc(self.x)
            .y_desc(self.y)
            .label_style((FONT, 16))
            .axis_desc_style((FONT, 18))
            .light_line_style(WHITE)
            .bold_line_style(GREY.mix(0.25))
            .x_label_formatter(&number)
            .y_label_formatter(&number)
            .draw()
            .map_err(|error| error.to_string())?;
        for line in &self.lines {
            let style = ShapeStyle::from(line.colour).stroke_width(3);
            let points = line.points.iter().copied();
            if line.marked {
                let marks = points.clone().map(|at| Circle::new(at, 5, style.filled()));
                chart
                    .draw_series(marks)
                    .map_err(|error| error.to_string())?;
            }
            let dash = if line.dashed { 9 } else { 24 };
            let drawn = if line.dashed {
                chart.draw_series(DashedLineSeries::new(points, 8, 6, style))
            } else {
                chart.draw_series(LineSeries::new(points, style))
            };
            drawn
                .map_err(|error| error.to_string())?
                .label(line.name)
                .legend(move |(x, y)| {
                    let end = x + 24;
                    EmptyElement::at((0, 0))
                        + PathElement::new(vec![(x, y), (x + dash, y)], style)
                        + PathElement::new(vec![(end - dash, y), (end, y)], style)
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .label_font((FONT, 16))
            .legend_area_size(32)
            .background_style(WHITE.mix(0.9))
            .border_style(GREY)
            .draw()
            .map_err(|error| error.to_string())?;
        drop(chart);
        area.present().map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// What an empty plot of stalls shows: seconds, and percentages of viewers.
const LEAST_WAIT: f64 = 10.0;
const LEAST_WAITING: f64 = 10.0;
/// Seconds that `Report::origin_load` sums up.
const LOAD_SPAN: f64 = 10.0;
const SIZE: (u32, u32) = (900, 520);
const FONT: &str = "sans-serif";
/// What the arm with the model of p2p-media-loader is called.
const HYBRID: &str = "hybrid loader";

const BLUE: RGBColor = RGBColor(0, 90, 181);
const RED: RGBColor = RGBColor(200, 60, 30);
const GREY: RGBColor = RGBColor(110, 110, 110);

#[cfg(test)]
mod tests {
    use shoal_sim::{Access, Crowd, Scenario, secs};

    use super::*;

    fn comparison() -> Comparison {
        Scenario::vod(secs(40))
            .watched_by(Crowd::of(2).on(Access::cable()))
            .compare()
    }

    #[test]
    fn a_plot_names_its_axes_and_its_lines() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        origin_load(folder.path(), "vod", "2 viewers", &comparison())?;
        let svg = fs::read_to_string(folder.path().join("origin-load-vod.svg"))?;
        for words in [
            "Origin load: 2 viewers",
            "time (s)",
            "origin load (Mbit/s)",
            "with P2P",
            "HTTP only",
        ] {
            assert!(svg.contains(words), "{words:?} is missing");
        }
        Ok(())
    }

    #[test]
    fn a_plot_without_a_single_stall_can_be_drawn() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        stalls(folder.path(), "vod", "2 viewers", &comparison())?;
        assert!(folder.path().join("stalls-vod.svg").exists());
        Ok(())
    }

    #[test]
    fn the_share_of_viewers_who_waited_longer_falls_in_steps() {
        let mut report = comparison().alone;
        report.viewers[0].stalled = secs(3);
        let steps = waiting_longer(&report, 10.0);
        assert_eq!(steps, [(0.0, 50.0), (3.0, 50.0), (3.0, 0.0), (10.0, 0.0)]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let error = origin_load(Path::new("/dev/null/plots"), "vod", "", &comparison());
        let words = error.map_err(|error| error.to_string());
        assert_eq!(
            words,
            Err("cannot make the folder /dev/null/plots".to_owned())
        );
    }
}
