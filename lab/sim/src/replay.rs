//! A viewer's recording, lived again: what happened, and whether the engine does the same here.

use core::fmt::{self, Write as _};
use core::time::Duration;
use std::collections::BTreeMap;

use shoal_engine::{
    CloseReason, Declined, Ending, Engine, Entry, Event, Input, LinkId, NeedId, Output, OutputHash,
    RecordError, Recording, State, Stats, Time,
};
use shoal_wire::id::SegmentId;
use shoal_wire::peer::{Frame, Message};

/// Lives a recording again. `watch` sees every step as it happens.
///
/// # Errors
/// When the bytes are no recording, or end in the middle of one.
pub fn replay(recording: &[u8], mut watch: impl FnMut(Step<'_>)) -> Result<Replay, RecordError> {
    let mut recording = Recording::open(recording)?;
    let mut engine = Engine::new(recording.config.clone(), recording.seed);
    let mut hash = OutputHash::default();
    let mut replay = Replay {
        version: recording.version.to_owned(),
        ending: Ending::Running,
        differs: None,
        inputs: BTreeMap::new(),
        stats: Stats::default(),
        story: Story::default(),
    };
    loop {
        match recording.next_entry()? {
            Entry::End {
                ending,
                hash: whole,
            } => {
                replay.ending = ending;
                replay.stats = engine.stats(replay.story.now);
                // What a broken engine would have put out is not known.
                replay.compare(ending == Ending::Broken || hash.whole() == whole);
                return Ok(replay);
            }
            Entry::Input { check, input, now } => {
                replay.compare(hash.check() == check);
                replay.story.input(now, &input);
                *replay.inputs.entry(kind(&input)).or_default() += 1;
                watch(Step::Input(now, &input));
                engine.handle_input(now, input);
                loop {
                    let output = engine.poll_output();
                    hash.add(&output);
                    replay.story.output(&output);
                    watch(Step::Output(&output));
                    if let Output::Wait(_) = output {
                        break;
                    }
                }
            }
        }
    }
}

/// One thing that happens in a replay.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The engine is given this, at this moment of the page's clock.
    Input(Time, &'a Input),
    /// It asks for this.
    Output(&'a Output),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(now, input) => write!(f, "{now} {input:?}"),
            Self::Output(output) => write!(f, "    {output:?}"),
        }
    }
}

/// What a replay has shown.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The version of the engine that was recorded.
    pub version: String,
    /// How the recording ends.
    pub ending: Ending,
    /// How many inputs had been given when the outputs were first seen to be others than those
    /// recorded; nothing when they are the same to the end.
    pub differs: Option<u64>,
    /// Inputs by kind.
    pub inputs: BTreeMap<String, u64>,
    /// The engine's figures at the end.
    pub stats: Stats,
    story: Story,
}

impl Replay {
    fn compare(&mut self, same: bool) {
        if !same && self.differs.is_none() {
            self.differs = Some(self.inputs.values().sum());
        }
    }
}

/// What happened, in order.
#[derive(Clone, Debug, Default)]
struct Story {
    start: Option<Time>,
    now: Time,
    states: Vec<(Time, State)>,
    waiting: BTreeMap<NeedId, (Time, SegmentId)>,
    needs: Vec<Need>,
    links: BTreeMap<LinkId, Link>,
    problems: Vec<(Time, &'static str)>,
}

#[derive(Clone, Debug)]
struct Need {
    since: Time,
    segment: SegmentId,
    waited: Duration,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Cancelled,
    Declined(Declined),
    Delivered { peers: u32, origin: u32 },
}

#[derive(Clone, Debug, Default)]
struct Link {
    opened: Option<Time>,
    closed: Option<(Time, CloseReason)>,
    received: u64,
    sent: u64,
}

impl Story {
    fn input(&mut self, now: Time, input: &Input) {
        self.start.get_or_insert(now);
        self.now = now;
        match input {
            Input::Cancel(id) => self.end(*id, Outcome::Cancelled),
            Input::LinkFrame {
                link,
                frame: Frame::Message(Message::Piece(block)),
            } => self.link(*link).received += u64::from(block.length),
            Input::LinkOpen(link) => self.link(*link).opened = Some(now),
            Input::Need { id, segment } => {
                self.waiting.insert(*id, (now, *segment));
            }
            _ => {}
        }
    }

    fn output(&mut self, output: &Output) {
        let now = self.now;
        match output {
            Output::Decline { id, reason } => self.end(*id, Outcome::Declined(*reason)),
            Output::Deliver { id, delivery, .. } => {
                let (peers, origin) = (delivery.from_peers, delivery.from_origin);
                self.end(*id, Outcome::Delivered { peers, origin });
            }
            Output::Event(Event::Problem(code)) => self.problems.push((now, code)),
            Output::Event(Event::State(state)) => self.states.push((now, *state)),
            Output::LinkClose { link, reason } => self.link(*link).closed = Some((now, *reason)),
            Output::LinkSend {
                link,
                frame: Frame::Message(Message::Piece(block)),
            } => self.link(*link).sent += u64::from(block.length),
            _ => {}
        }
    }

    fn end(&mut self, id: NeedId, outcome: Outcome) {
        if let Some((since, segment)) = self.waiting.remove(&id) {
            self.needs.push(Need {
                since,
                segment,
                waited: self.now.since(since),
                outcome,
            });
        }
    }

    fn link(&mut self, link: LinkId) -> &mut Link {
        self.links.entry(link).or_default()
    }

    /// Time since the first input.
    fn clock(&self, at: Time) -> String {
        seconds(at.since(self.start.unwrap_or(at)))
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (story, stats) = (&self.story, &self.stats);
        let inputs = self.inputs.values().sum::<u64>();
        writeln!(
            f,
            "engine       {}, replayed by {}",
            self.version,
            env!("CARGO_PKG_VERSION")
        )?;
        writeln!(
            f,
            "duration     {}, {inputs} inputs",
            story.clock(story.now)
        )?;
        let kinds = self
            .inputs
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"));
        writeln!(f, "inputs       {}", list(kinds))?;
        writeln!(
            f,
            "from origin  {} bytes, {} requests",
            stats.origin_bytes, stats.origin_requests
        )?;
        writeln!(f, "from peers   {} bytes", stats.peer_bytes)?;
        writeln!(f, "to peers     {} bytes", stats.uploaded_bytes)?;
        writeln!(
            f,
            "wasted       {} bytes, {} rotten pieces",
            stats.wasted_bytes, stats.rotten_pieces
        )?;
        self.write_links(f)?;
        self.write_needs(f)?;
        writeln!(f, "\nstates       {}", story.states.len())?;
        for (at, state) in &story.states {
            writeln!(f, "{:>12}  {state:?}", story.clock(*at))?;
        }
        writeln!(f, "\nproblems     {}", story.problems.len())?;
        for (at, code) in &story.problems {
            writeln!(f, "{:>12}  {code}", story.clock(*at))?;
        }
        writeln!(f)?;
        match self.ending {
            Ending::Broken => writeln!(f, "The engine failed in the last input, and not here.")?,
            Ending::Full => writeln!(f, "The recorder was full; what came then is not known.")?,
            Ending::Running => {}
        }
        match self.differs {
            None => writeln!(f, "The outputs are the same as in the browser."),
            Some(count) => writeln!(
                f,
                "The outputs are not those of the browser from input {count} on."
            ),
        }
    }
}

impl Replay {
    fn write_links(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let story = &self.story;
        let (opened, never): (Vec<_>, Vec<_>) =
            story.links.values().partition(|link| link.opened.is_some());
        let mut reasons = BTreeMap::<String, u64>::new();
        for (_, reason) in never.iter().filter_map(|link| link.closed) {
            *reasons.entry(format!("{reason:?}")).or_default() += 1;
        }
        let reasons = reasons
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"));
        writeln!(
            f,
            "\nlinks        {} opened; closed before: {}",
            opened.len(),
            list(reasons)
        )?;
        for link in opened {
            let end = link.closed.map_or_else(
                || "open".to_owned(),
                |(at, reason)| format!("to {} {reason:?}", story.clock(at)),
            );
            let (received, sent) = (link.received, link.sent);
            let start = story.clock(link.opened.unwrap_or_default());
            writeln!(
                f,
                "{start:>12}  {received:>10} bytes received {sent:>10} sent  {end}"
            )?;
        }
        Ok(())
    }

    fn write_needs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let story = &self.story;
        let (ended, open) = (story.needs.len(), story.waiting.len());
        writeln!(f, "\nneeds        {ended} answered, {open} open")?;
        for need in &story.needs {
            let SegmentId { track, seq } = need.segment;
            let outcome = match need.outcome {
                Outcome::Cancelled => "cancelled".to_owned(),
                Outcome::Declined(reason) => format!("declined: {reason:?}"),
                Outcome::Delivered { peers, origin } => {
                    format!("{peers:>10} bytes from peers {origin:>10} from the origin")
                }
            };
            let (since, waited) = (story.clock(need.since), seconds(need.waited));
            writeln!(
                f,
                "{since:>12}  {:>3}/{seq:<6} waited {waited:>10}  {outcome}",
                track.0
            )?;
        }
        Ok(())
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items = items.collect::<Vec<_>>().join(", ");
    if items.is_empty() {
        "none".into()
    } else {
        items
    }
}

fn seconds(span: Duration) -> String {
    format!("{:.3} s", span.as_secs_f64())
}

/// The name of an input's variant.
fn kind(input: &Input) -> String {
    struct Name(String);

    impl fmt::Write for Name {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let name = text.split(|c: char| !c.is_alphanumeric()).next();
            self.0.push_str(name.unwrap_or_default());
            // What is behind the name, of a long list perhaps, need not be written.
            if name == Some(text) {
                Ok(())
            } else {
                Err(fmt::Error)
            }
        }
    }

    let mut name = Name(String::new());
    let _ = write!(name, "{input:?}");
    name.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use shoal_engine::{Config, Recorder, Rule};

    /// A viewer that asks for a segment before there is an index.
    fn recording() -> Vec<u8> {
        let mut recorder = Recorder::new(&Config::default(), 7, 1 << 16);
        let mut engine = Engine::new(Config::default(), 7);
        let segment = SegmentId {
            track: shoal_wire::id::TrackId(1),
            seq: 30,
        };
        let inputs = [
            Input::Rule(Rule::Viewer(Some(true))),
            Input::Need {
                id: NeedId(1),
                segment,
            },
            Input::Rule(Rule::Viewer(Some(false))),
        ];
        for (second, input) in (10..).zip(inputs) {
            let now = Time::from_secs(second);
            recorder.input(now, &input);
            engine.handle_input(now, input);
            loop {
                let output = engine.poll_output();
                recorder.output(&output);
                if let Output::Wait(_) = output {
                    break;
                }
            }
        }
        recorder.bytes()
    }

    #[test]
    fn a_replay_tells_what_happened_and_that_it_is_the_same() {
        let mut steps = 0;
        let replay = replay(&recording(), |_| steps += 1).expect("a recording");
        assert!(steps >= 6, "{steps} steps");
        assert_eq!(replay.differs, None);
        assert_eq!(replay.inputs["Rule"], 2);
        let text = replay.to_string();
        for line in [
            "duration     2.000 s, 3 inputs",
            "inputs       Need 1, Rule 2",
            "     1.000 s    1/30     waited    0.000 s  declined: Off",
            "     2.000 s  Off(You)",
            "The outputs are the same as in the browser.",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn outputs_that_differ_are_seen_where_they_begin_to() {
        let mut bytes = recording();
        // The hash of the first input's outputs stands behind it and its time.
        let first = [16, 5, 1, 1, 0x80, 0xad, 0xe2, 0x04];
        let at = bytes.windows(8).position(|bytes| bytes == first);
        bytes[at.expect("the first input") + 8] ^= 1;
        let replay = replay(&bytes, |_| {}).expect("a recording");
        assert_eq!(replay.differs, Some(1));
        assert!(replay.to_string().contains("from input 1 on"));
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        assert!(replay(b"#EXTM3U", |_| {}).is_err());
    }
}
