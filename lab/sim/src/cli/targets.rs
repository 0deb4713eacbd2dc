//! `targets`: the figures that Shoal promises, each with its goal.
//!
//! The viewers are behind NATs of all kinds, 19 of 100 pairs can never connect, but everybody can
//! reach somebody and has a line that carries the stream up: what a cap of 1x leaves out of reach
//! otherwise says nothing of the engine.

use clap::Args;
use shoal_sim::{Comparison, Crowd, Scenario, secs};

use super::jobs;
use super::timing::Timing;
use super::video::{Common, Kind};

/// Options of `targets`.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Viewers of the large swarms
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    viewers: u32,
    /// Seconds over which the viewers arrive
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    arriving: u64,
    /// Measure, too, what a viewer-minute costs the simulator with up to 5,000 viewers
    #[arg(long)]
    timing: bool,
    #[command(flatten)]
    common: Common,
}

/// A swarm, and what it is held to.
struct Target {
    kind: Kind,
    viewers: u32,
    /// What each viewer sends at most, in multiples of the bit rate.
    cap: Option<f64>,
    goals: Vec<Goal>,
}

/// A figure and its goal.
struct Goal {
    name: &'static str,
    figure: fn(&Comparison) -> f64,
    bound: Bound,
    unit: &'static str,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// Shown beside the others.
    None,
}

impl Targets {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let targets = self.targets();
        let runs = targets.iter().flat_map(|target| {
            let seeds = self.common.seeds();
            seeds.map(|seed| self.scenario(target, seed))
        });
        let runs: Vec<Scenario> = runs.collect();
        let mut done = jobs::compare(&runs, self.common.jobs()).into_iter();
        println!("| swarm | seed | figure | measured | goal | met |");
        println!("|---|---:|---|---:|---:|---|");
        for target in &targets {
            for comparison in done.by_ref().take(self.common.seeds as usize) {
                target.print(&comparison);
            }
        }
        if self.timing {
            println!();
            Timing::of_large_swarms(&self.common).run()?;
        }
        Ok(())
    }

    fn targets(&self) -> Vec<Target> {
        let large = |kind, offload| Target {
            kind,
            viewers: self.viewers,
            cap: Some(self.common.upload_cap.unwrap_or(1.0)),
            goals: goals(Bound::AtLeast(offload), Bound::None),
        };
        let small = |kind| Target {
            kind,
            viewers: 20,
            cap: self.common.upload_cap,
            goals: goals(Bound::None, Bound::AtMost(1.3)),
        };
        vec![
            large(Kind::Vod, 99.0),
            large(Kind::Live20, 97.0),
            large(Kind::Live4, 85.0),
            small(Kind::Live),
        ]
    }

    fn scenario(&self, target: &Target, seed: u64) -> Scenario {
        let crowd = Crowd::behind_nats(target.viewers as usize).arriving_over(secs(self.arriving));
        let common = Common {
            upload_cap: target.cap,
            ..self.common.clone()
        };
        common
            .scenario(target.kind)
            .watched_by(crowd)
            .with_seed(seed)
    }
}

impl Target {
    fn print(&self, comparison: &Comparison) {
        let cap = match self.cap {
            Some(multiple) => format!("upload cap {multiple}x"),
            None => "no upload cap".to_owned(),
        };
        let swarm = format!("{} viewers, {}, {cap}", self.viewers, self.kind.name());
        for Goal {
            name,
            figure,
            bound,
            unit,
        } in &self.goals
        {
            let measured = figure(comparison);
            let (goal, met) = bound.judge(measured);
            let seed = comparison.shared.seed;
            println!("| {swarm} | {seed} | {name} | {measured:.2}{unit} | {goal}{unit} | {met} |");
        }
    }
}

impl Bound {
    /// The goal in words, and whether a figure meets it.
    fn judge(self, figure: f64) -> (String, &'static str) {
        let word = |met| if met { "yes" } else { "no" };
        match self {
            Self::AtLeast(least) => (format!("≥ {least}"), word(figure >= least)),
            Self::AtMost(most) => (format!("≤ {most}"), word(figure <= most)),
            Self::None => ("–".to_owned(), ""),
        }
    }
}

fn goals(offload: Bound, fetches: Bound) -> Vec<Goal> {
    let goal = |name, unit, bound, figure| Goal {
        name,
        figure,
        bound,
        unit,
    };
    vec![
        goal("offload", " %", offload, |c| c.offload() * 100.0),
        goal("ceiling", " %", Bound::None, |c| c.ceiling() * 100.0),
        goal("what uploads allow", " %", Bound::None, |c| {
            c.upload_ceiling() * 100.0
        }),
        goal("origin fetches per segment", "", fetches, |c| {
            c.shared.fetches_per_segment()
        }),
        goal("stalls more than HTTP only", "", Bound::AtMost(0.0), |c| {
            f64::from(c.shared.stalls()) - f64::from(c.alone.stalls())
        }),
        goal(
            "worst viewer waits longer than its twin",
            " s",
            Bound::AtMost(PATIENCE),
            |c| c.worst_wait().as_secs_f64(),
        ),
        goal("upload/download, 95th", "", Bound::None, |c| {
            c.shared.upload_share(95)
        }),
        goal("wasted", " %", Bound::None, |c| {
            c.shared.wasted_share() * 100.0
        }),
    ]
}

/// What a viewer may wait longer than its twin over a whole visit, seconds: less than is noticed.
const PATIENCE: f64 = 0.25;
