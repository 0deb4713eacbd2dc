//! Groups of viewers, and the plan that each viewer draws before the run.

use core::ops::Range;
use core::time::Duration;

use rand::RngExt;
use shoal_engine::Time;
use shoal_wire::id::TrackId;

use crate::access::Access;
use crate::rng::{Purpose, Rng, stream};
use crate::video::Video;

/// Viewers of one kind. Reads as a sentence:
/// `Crowd::of(20).arriving_over(secs(60)).on(Access::fibre())`.
#[derive(Clone, Debug)]
pub struct Crowd {
    viewers: usize,
    from: Duration,
    over: Duration,
    waves: (u32, Duration),
    access: Vec<(u32, Access)>,
    quality: Quality,
    stays: Option<Range<Duration>>,
    /// Share of viewers who leave early, and after how long.
    early: Option<(f64, Range<Duration>)>,
    /// Share of viewers whose tabs are hidden.
    hidden: f64,
    /// Share of viewers who have said no.
    off: f64,
    seeks: Option<Range<Duration>>,
    switches: Option<Range<Duration>>,
    sharing: Option<bool>,
    changes_mind: Vec<(Duration, bool)>,
    silent_leavers: f64,
    corrupt: bool,
}

impl Crowd {
    /// This many viewers, who arrive at once on cable, watch to the end and do what the site
    /// says.
    #[must_use]
    pub fn of(viewers: usize) -> Self {
        Self {
            viewers,
            from: Duration::ZERO,
            over: Duration::ZERO,
            waves: (1, Duration::ZERO),
            access: Vec::new(),
            quality: Quality::Best,
            stays: None,
            early: None,
            hidden: 0.0,
            off: 0.0,
            seeks: None,
            switches: None,
            sharing: None,
            changes_mind: Vec::new(),
            silent_leavers: 0.5,
            corrupt: false,
        }
    }

    /// A public audience: on lines of all kinds, behind NATs of all kinds (23 of 100 pairs can
    /// never connect), one in six leaving within minutes, one tab in seven hidden for a while.
    #[must_use]
    pub fn realistic(viewers: usize) -> Self {
        Self {
            access: Access::AUDIENCE.to_vec(),
            ..Self::of(viewers)
        }
        .leaving_early(1.0 / 6.0, Duration::from_secs(15)..Duration::from_secs(240))
        .with_hidden_tabs(1.0 / 7.0)
    }

    /// An audience whose lines carry more up than the usual stream, behind NATs of all kinds: 19 of
    /// 100 pairs can never connect, and everybody can reach somebody. All stay to the end.
    #[must_use]
    pub fn behind_nats(viewers: usize) -> Self {
        Self {
            access: Access::BEHIND_NATS.to_vec(),
            ..Self::of(viewers)
        }
    }

    /// The first arrives then.
    #[must_use]
    pub fn arriving_from(mut self, first: Duration) -> Self {
        self.from = first;
        self
    }

    /// They arrive at random moments in this span.
    #[must_use]
    pub fn arriving_over(mut self, span: Duration) -> Self {
        self.over = span;
        self
    }

    /// They arrive in bursts, so long from one to the next.
    #[must_use]
    pub fn arriving_in_waves(mut self, waves: u32, interval: Duration) -> Self {
        self.waves = (waves.max(1), interval);
        self
    }

    /// Puts all on this access.
    #[must_use]
    pub fn on(self, access: Access) -> Self {
        self.mixed(1, access)
    }

    /// `parts` of them on this access: parts of the sum of all parts.
    #[must_use]
    pub fn mixed(mut self, parts: u32, access: Access) -> Self {
        self.access.push((parts, access));
        self
    }

    /// Has all watch this rendition, not the best that their access allows.
    #[must_use]
    pub fn watching(mut self, rendition: u16) -> Self {
        self.quality = Quality::One(TrackId(rendition));
        self
    }

    /// Each watches a rendition drawn from all.
    #[must_use]
    pub fn watching_any_rendition(mut self) -> Self {
        self.quality = Quality::Any;
        self
    }

    /// Each leaves after a time in this range.
    #[must_use]
    pub fn leaving_after(mut self, stay: Range<Duration>) -> Self {
        self.stays = Some(stay);
        self
    }

    /// This share of them leaves after a time in this range.
    #[must_use]
    pub fn leaving_early(mut self, share: f64, stay: Range<Duration>) -> Self {
        self.early = Some((share, stay));
        self
    }

    /// This share of them hides the tab some time after coming, and comes back to it later. A
    /// browser runs the timers of a hidden tab once a second.
    #[must_use]
    pub fn with_hidden_tabs(mut self, share: f64) -> Self {
        self.hidden = share;
        self
    }

    /// This share of them has said no to P2P.
    #[must_use]
    pub fn with_p2p_off(mut self, share: f64) -> Self {
        self.off = share;
        self
    }

    /// Share of leavers whose peers are not told: they find out by silence.
    #[must_use]
    pub fn leaving_silently(mut self, share: f64) -> Self {
        self.silent_leavers = share;
        self
    }

    /// Each seeks to a random place at intervals in this range.
    #[must_use]
    pub fn seeking_every(mut self, interval: Range<Duration>) -> Self {
        self.seeks = Some(interval);
        self
    }

    /// Each changes to a random rendition at intervals in this range.
    #[must_use]
    pub fn switching_quality_every(mut self, interval: Range<Duration>) -> Self {
        self.switches = Some(interval);
        self
    }

    /// The viewers' own answer.
    #[must_use]
    pub fn who_answered(mut self, share: bool) -> Self {
        self.sharing = Some(share);
        self
    }

    /// The viewers change their answer so long after they came.
    #[must_use]
    pub fn who_answer_later(mut self, after: Duration, share: bool) -> Self {
        self.changes_mind.push((after, share));
        self
    }

    /// Makes every byte that they send corrupt.
    #[must_use]
    pub fn who_send_corrupt_bytes(mut self) -> Self {
        self.corrupt = true;
        self
    }

    /// Share of pairs that can never connect.
    #[must_use]
    pub fn unreachable_pairs(&self) -> f64 {
        let parts: u32 = self.access.iter().map(|(parts, _)| parts).sum();
        let pairs = self
            .access
            .iter()
            .flat_map(|one| self.access.iter().map(move |other| (one, other)));
        let apart = pairs.filter(|((_, one), (_, other))| !one.nat.meets(other.nat));
        let apart: u32 = apart.map(|((one, _), (other, _))| one * other).sum();
        f64::from(apart) / f64::from((parts * parts).max(1))
    }

    pub(crate) fn len(&self) -> usize {
        self.viewers
    }

    /// Plan of the viewer numbered `node` in the run with `seed`.
    pub(crate) fn plan(&self, seed: u64, node: u64, video: &Video) -> Plan {
        let rng = &mut stream(seed, node, Purpose::Plan);
        let (waves, interval) = self.waves;
        let wave = match waves {
            1 => Duration::ZERO,
            _ => interval * rng.random_range(0..waves),
        };
        let arrives = Time(0) + self.from + wave + within(rng, Duration::ZERO..self.over);
        let access = self.draw_access(rng);
        let renditions = &video.rates[..usize::from(video.renditions())];
        let rendition = match self.quality {
            Quality::Any => TrackId(rng.random_range(0..video.renditions())),
            Quality::Best => {
                let fits = |rate: &u64| rate * 3 / 2 <= access.down;
                TrackId(renditions.iter().rposition(fits).unwrap_or(0) as u16)
            }
            Quality::One(track) => track,
        };
        let engine_delay = within(rng, Duration::from_millis(100)..Duration::from_millis(800));
        let stays = self.stays.clone().map(|stay| within(rng, stay));
        let early = self
            .early
            .clone()
            .filter(|&(share, _)| rng.random_bool(share))
            .map(|(_, stay)| within(rng, stay));
        let leaves = early.or(stays).map(|stay| arrives + stay);
        let silent = rng.random_bool(self.silent_leavers);
        let mut script = Vec::new();
        self.draw_script(rng, video, &mut script);
        if self.hidden > 0.0 && rng.random_bool(self.hidden) {
            let after = within(rng, HIDES);
            let back = after + within(rng, STAYS_HIDDEN);
            script.extend([(after, true), (back, false)].map(|(after, hidden)| Step {
                after,
                act: Act::Hide(hidden),
            }));
        }
        let off = self.off > 0.0 && rng.random_bool(self.off);
        Plan {
            arrives,
            access,
            rendition,
            engine_delay,
            leaves,
            silent,
            script,
            share: if off { Some(false) } else { self.sharing },
            corrupt: self.corrupt,
        }
    }

    fn draw_access(&self, rng: &mut Rng) -> Access {
        let parts: u32 = self.access.iter().map(|(parts, _)| parts).sum();
        let mut drawn = rng.random_range(0..parts.max(1));
        for &(parts, access) in &self.access {
            if drawn < parts {
                return access;
            }
            drawn -= parts;
        }
        Access::cable()
    }

    fn draw_script(&self, rng: &mut Rng, video: &Video, script: &mut Vec<Step>) {
        let length = video.end().unwrap_or(video.segment * 1000);
        if let Some(interval) = &self.seeks {
            let mut at = within(rng, interval.clone());
            for _ in 0..MAX_STEPS {
                let to = within(rng, Duration::ZERO..length.saturating_sub(video.segment));
                script.push(Step {
                    after: at,
                    act: Act::Seek(to),
                });
                at += within(rng, interval.clone());
            }
        }
        if let Some(interval) = &self.switches {
            let mut at = within(rng, interval.clone());
            for _ in 0..MAX_STEPS {
                let track = TrackId(rng.random_range(0..video.renditions()));
                script.push(Step {
                    after: at,
                    act: Act::Switch(track),
                });
                at += within(rng, interval.clone());
            }
        }
        let answers = self.changes_mind.iter();
        script.extend(answers.map(|&(after, share)| Step {
            after,
            act: Act::Answer(share),
        }));
    }
}

/// Doings of one viewer, drawn before the run and the same in all arms.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) arrives: Time,
    pub(crate) access: Access,
    pub(crate) rendition: TrackId,
    /// From arrival until the engine is loaded.
    pub(crate) engine_delay: Duration,
    pub(crate) leaves: Option<Time>,
    /// Its peers are not told when it leaves.
    pub(crate) silent: bool,
    pub(crate) script: Vec<Step>,
    pub(crate) share: Option<bool>,
    pub(crate) corrupt: bool,
}

/// Something that a viewer does so long after it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) after: Duration,
    pub(crate) act: Act,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// Shares or not, from now on.
    Answer(bool),
    /// Hides the tab, or comes back to it.
    Hide(bool),
    /// Goes to another place of the video.
    Seek(Duration),
    /// Watches another rendition.
    Switch(TrackId),
}

/// Choice of the rendition that a viewer watches.
#[derive(Clone, Copy, Debug)]
enum Quality {
    Any,
    /// The best that its access allows.
    Best,
    One(TrackId),
}

/// Time from coming until a viewer hides its tab, and the time for which it does.
const HIDES: Range<Duration> = Duration::from_secs(5)..Duration::from_secs(60);
const STAYS_HIDDEN: Range<Duration> = Duration::from_secs(30)..Duration::from_secs(300);
/// Seeks, and switches, that a viewer does at most.
const MAX_STEPS: usize = 50;

/// A moment in a span; its start when the span is empty.
pub(crate) fn within(rng: &mut Rng, span: Range<Duration>) -> Duration {
    if span.is_empty() {
        return span.start;
    }
    let (start, end) = (span.start.as_micros() as u64, span.end.as_micros() as u64);
    Duration::from_micros(rng.random_range(start..end))
}
