//! `sweep`: offload against the number of viewers, and against the share of them without P2P.

use std::path::PathBuf;

use clap::Args;
use shoal_sim::{Comparison, Crowd, Scenario, secs};

use super::video::{Common, Kind, share};
use super::{jobs, plot};

/// Options of `sweep`.
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Numbers of viewers
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        default_value = "2,5,10,20,50,100,200,500,1000,2000,5000",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    viewers: Vec<u32>,
    /// Shares of viewers who have said no to P2P, from 0 to 1
    #[arg(long, value_name = "SHARES", value_delimiter = ',', default_value = "0,0.25,0.5,0.75", value_parser = share)]
    p2p_off: Vec<f64>,
    /// Viewers among whom some have said no
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    p2p_off_viewers: u32,
    /// Kinds of video
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Kind::MEASURED)]
    videos: Vec<Kind>,
    /// Seconds over which the viewers arrive
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    arriving: u64,
    /// Write plots into this folder
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// One row of the table: what all seeds say of one scenario.
struct Row {
    viewers: u32,
    off: f64,
    seeds: Vec<Comparison>,
}

impl Sweep {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let sizes = self.viewers.iter().map(|&viewers| (viewers, 0.0));
        let offs = self.p2p_off.iter().map(|&off| (self.p2p_off_viewers, off));
        let points: Vec<(u32, f64)> = sizes.chain(offs).collect();
        let mut scenarios = Vec::new();
        for &kind in &self.videos {
            for &(viewers, off) in &points {
                let seeds = self.common.seeds();
                scenarios.extend(seeds.map(|seed| self.scenario(kind, viewers, off, seed)));
            }
        }
        let mut done = jobs::compare(&scenarios, self.common.jobs()).into_iter();
        for &kind in &self.videos {
            let mut rows = Vec::new();
            for &(viewers, off) in &points {
                let seeds = done.by_ref().take(self.common.seeds as usize).collect();
                rows.push(Row {
                    viewers,
                    off,
                    seeds,
                });
            }
            let (sizes, offs) = rows.split_at(self.viewers.len());
            print(kind, "viewers", sizes, |row| row.viewers.to_string());
            print(
                kind,
                &format!("without P2P, of {}", self.p2p_off_viewers),
                offs,
                |row| percent(row.off),
            );
            if let Some(folder) = &self.plots {
                self.plot(folder, kind, sizes, offs)?;
            }
        }
        Ok(())
    }

    fn scenario(&self, kind: Kind, viewers: u32, off: f64, seed: u64) -> Scenario {
        let crowd = Crowd::realistic(viewers as usize)
            .arriving_over(secs(self.arriving))
            .with_p2p_off(off);
        self.common.scenario(kind).watched_by(crowd).with_seed(seed)
    }

    fn plot(
        &self,
        folder: &std::path::Path,
        kind: Kind,
        sizes: &[Row],
        offs: &[Row],
    ) -> anyhow::Result<()> {
        let slug = kind.slug();
        let points = |rows: &[Row], x: fn(&Row) -> f64| -> Vec<plot::Point> {
            let point = |row: &Row| plot::Point {
                x: x(row),
                offload: row.mean(Comparison::offload),
                ceiling: row.mean(Comparison::ceiling),
            };
            rows.iter().map(point).collect()
        };
        let minutes = self.common.minutes;
        let title = format!("{}, {minutes} min", kind.name());
        let by_size = points(sizes, |row| f64::from(row.viewers));
        plot::offload_by_viewers(folder, slug, &title, &by_size)?;
        let title = format!("{}, {} viewers", kind.name(), self.p2p_off_viewers);
        let by_off = points(offs, |row| row.off * 100.0);
        plot::offload_by_p2p_off(folder, slug, &title, &by_off)?;
        let largest = sizes.iter().max_by_key(|row| row.viewers);
        if let Some(comparison) = largest.and_then(|row| row.seeds.first()) {
            let viewers = comparison.shared.viewers.len();
            let title = format!("{}, {viewers} viewers", kind.name());
            plot::origin_load(folder, slug, &title, comparison)?;
            plot::stalls(folder, slug, &title, comparison)?;
        }
        Ok(())
    }
}

impl Row {
    fn mean(&self, figure: impl Fn(&Comparison) -> f64) -> f64 {
        let sum: f64 = self.seeds.iter().map(figure).sum();
        sum / self.seeds.len().max(1) as f64
    }

    fn most(&self, figure: impl Fn(&Comparison) -> f64) -> f64 {
        self.seeds.iter().map(figure).fold(0.0, f64::max)
    }
}

/// A table in Markdown. Figures are means over the seeds, waits the worst of any.
fn print(kind: Kind, of: &str, rows: &[Row], name: impl Fn(&Row) -> String) {
    println!("### {}\n", kind.name());
    println!(
        "| {of} | offload | ceiling | origin fetches per segment | stalls (HTTP only) \
         | worst viewer against its twin | upload/download, 95th | wasted |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        println!(
            "| {} | {} | {} | {:.2} | {:.1} ({:.1}) | {:.2} s | {:.2} | {} |",
            name(row),
            percent(row.mean(Comparison::offload)),
            percent(row.mean(Comparison::ceiling)),
            row.mean(|seed| seed.shared.fetches_per_segment()),
            row.mean(|seed| f64::from(seed.shared.stalls())),
            row.mean(|seed| f64::from(seed.alone.stalls())),
            row.most(|seed| seed.worst_wait().as_secs_f64()),
            row.mean(|seed| seed.shared.upload_share(95)),
            percent(row.mean(|seed| seed.shared.wasted_share())),
        );
    }
    println!();
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
