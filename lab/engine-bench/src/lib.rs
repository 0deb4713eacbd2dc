//! One viewer of an endless live stream, with its peers and its origin: an engine behind its two
//! doors, and a hand that feeds it and keeps nothing of what has passed.

mod orders;
mod peers;

use core::time::Duration;

use shoal_engine::{
    ActiveTrack, Config, Engine, IndexInfo, Input, LinkId, NeedId, Output, Pace, Playhead, Rule,
    Time, TimelineSegment, TrackInfo, Verdict, Wish,
};
use shoal_wire::id::{InfoHash, PieceIndex, SegmentId, TrackId};
use shoal_wire::peer::shoal::Extension;
use shoal_wire::peer::{Block, Frame, Message, Ranges};

use orders::Orders;
pub use peers::{heard, said};

/// Bytes of a piece.
pub const PIECE: u32 = 65_536;
/// Bytes of a block.
pub const BLOCK: u32 = 16_384;
/// Piece numbers reserved for each segment.
pub const STRIDE: u32 = 256;
/// How long a segment plays.
pub const SPAN: Duration = Duration::from_secs(4);
/// Segments that the playlist lists.
const LISTED: u64 = 10;
/// Segments that the player is behind the newest one: hls.js's `liveSyncDurationCount`.
const BEHIND: u64 = 3;
/// Segments described by one part of the index.
const PART: u64 = 16;
/// The segment that the stream is at when the viewer comes.
const FIRST: u64 = 100;
/// Between two blocks that come from peers, whichever: slow enough that never a whole segment is
/// asked for at once.
const BETWEEN_BLOCKS: Duration = Duration::from_millis(10);
const SWARM: InfoHash = InfoHash([7; 20]);
const TRACK: TrackId = TrackId(0);

/// What is watched, and with whom.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Peers connected.
    pub peers: usize,
    /// Bytes that the engine may keep.
    pub store_bytes: u64,
    /// Bytes of each segment.
    pub segment_bytes: u32,
}

/// 8 Mbit/s with ten peers, and the default store.
impl Default for Stream {
    fn default() -> Self {
        Self {
            peers: 10,
            store_bytes: Config::default().store_bytes,
            segment_bytes: 4_000_000,
        }
    }
}

impl Stream {
    /// Segments that fit in the store.
    pub fn segments_held(&self) -> u64 {
        self.store_bytes / u64::from(self.segment_bytes)
    }

    /// Pieces of a segment.
    pub fn pieces(&self) -> u32 {
        self.segment_bytes.div_ceil(PIECE)
    }

    /// Blocks of a piece.
    fn blocks(&self, piece: PieceIndex) -> u32 {
        let offset = piece.0 % STRIDE * PIECE;
        (self.segment_bytes - offset).min(PIECE).div_ceil(BLOCK)
    }
}

/// An engine, and the hand that feeds it.
#[derive(Debug)]
pub struct Viewer {
    pub engine: Engine,
    pub stream: Stream,
    pub now: Time,
    wait: Option<Time>,
    /// The newest segment of the stream.
    pub head: u64,
    /// The peers connected that speak our extension, in the order of meeting.
    pub peers: Vec<LinkId>,
    met: u64,
    /// Bytes of the messages of our extension that peers have been sent.
    pub said_bytes: usize,
    orders: Orders,
    /// Blocks that have come of each piece of the newest segment.
    come: Vec<u32>,
}

impl Viewer {
    /// A viewer who has just joined and met its peers.
    pub fn new(stream: Stream, config: Config) -> Self {
        let config = Config {
            store_bytes: stream.store_bytes,
            // Everybody whom it meets stays, and it looks for nobody else.
            target_links: config.max_links,
            offers: 0,
            ..config
        };
        let mut viewer = Self {
            engine: Engine::new(config, 42),
            stream,
            now: Time::from_secs(1),
            wait: None,
            head: FIRST,
            peers: Vec::new(),
            met: 0,
            said_bytes: 0,
            orders: Orders::default(),
            come: vec![0; stream.pieces() as usize],
        };
        viewer.tell(Input::Index(IndexInfo {
            swarm: SWARM,
            live: true,
            piece_length: PIECE,
            stride: STRIDE,
            trackers: 1,
            tracks: vec![TrackInfo {
                part_segments: PART as u32,
            }],
        }));
        viewer.list();
        viewer.play();
        viewer.tell(Input::Rule(Rule::Site(Some(Wish::On))));
        viewer.tell(Input::TrackerOpened);
        // The origin is known to be quick, so that it is left alone until late.
        viewer.tell(Input::Offered {
            segment: segment(FIRST),
            length: stream.segment_bytes,
            pace: Pace {
                first_byte: Duration::from_millis(50),
                whole: Duration::from_millis(300),
            },
        });
        viewer.answer();
        for _ in 0..stream.peers {
            viewer.meet(true);
        }
        viewer
    }

    /// A viewer who has watched until its store was full.
    pub fn watching(stream: Stream) -> Self {
        let mut viewer = Self::new(stream, Config::default());
        for _ in 0..stream.segments_held() + 2 {
            viewer.watch_segment();
        }
        viewer
    }

    /// Tells the engine one thing and drains it.
    pub fn tell(&mut self, input: Input) {
        self.engine.handle_input(self.now, input);
        loop {
            let output = self.engine.poll_output();
            if let Output::Wait(until) = output {
                self.wait = until;
                return;
            }
            if let Output::LinkSend {
                frame: Frame::Message(Message::Extended { payload, .. }),
                ..
            } = &output
            {
                self.said_bytes += payload.len();
            }
            self.orders.note(output);
        }
    }

    /// A peer says something.
    pub fn hear(&mut self, link: LinkId, message: Message) {
        self.tell(heard(link, message));
    }

    /// The next segment appears, and all that follows from it until it is played: one turn of the
    /// stream.
    pub fn watch_segment(&mut self) {
        self.begin_segment(true);
        self.finish_segment();
    }

    /// The same in a swarm that never rests: peers ask for what we have, some segments come from the
    /// origin, and now and then the newest peer makes way for another.
    pub fn watch_restlessly(&mut self) {
        let turn = self.segments_seen();
        self.begin_segment(!turn.is_multiple_of(8));
        self.finish_segment();
        for turn in 0..self.stream.pieces() as usize * 4 {
            let request = self.request(turn);
            self.tell(request);
            self.drain_channels();
        }
        if turn.is_multiple_of(15) {
            self.part();
            self.meet(true);
        }
    }

    /// The next segment appears: peers say what they have of it, and the player asks for it. With
    /// `shared` all of it can be had from peers.
    pub fn begin_segment(&mut self, shared: bool) {
        self.head += 1;
        self.come.fill(0);
        let at = Time::from_secs(1) + SPAN * (self.head - FIRST) as u32;
        self.pass_until(at);
        let first = first_piece(self.head);
        let wants = Extension::Wants(ranges(first, first + 4 * STRIDE));
        for (n, link) in (0..).zip(self.peers.clone()) {
            self.tell(said(link, &wants));
            if shared {
                let has = Extension::Have(self.share(n));
                self.tell(said(link, &has));
            } else {
                self.hear(link, Message::KeepAlive);
            }
        }
        self.list();
        self.play();
        let id = NeedId(self.head);
        self.orders.need = Some(id);
        self.tell(Input::Need {
            id,
            segment: segment(self.head),
        });
        self.answer();
    }

    /// Everything that is asked for comes, until the player has its segment.
    pub fn finish_segment(&mut self) {
        while self.orders.need.is_some() {
            if self.orders.blocks.is_empty() && self.orders.gets.is_empty() {
                let until = self.wait.expect("it waits for something");
                self.pass_until(until);
            }
            while let Some((link, block)) = self.orders.blocks.pop_front() {
                let input = self.bring(link, block);
                self.tell(input);
                self.check();
            }
            self.answer();
        }
        self.drain_channels();
    }

    /// The input by which the next block comes from a peer: one that makes its piece whole or one
    /// that does not, as asked. Everything else that the engine has asked for comes before it.
    pub fn next_block(&mut self, completes: bool) -> Input {
        loop {
            let Some((link, block)) = self.orders.blocks.pop_front() else {
                self.finish_segment();
                self.begin_segment(true);
                continue;
            };
            let at = (block.piece.0 % STRIDE) as usize;
            let last = self.come[at] + 1 == self.stream.blocks(block.piece);
            let input = self.bring(link, block);
            if last == completes {
                return input;
            }
            self.tell(input);
            self.check();
        }
    }

    /// Reports every piece to be checked as valid.
    pub fn check(&mut self) {
        while let Some(piece) = self.orders.checks.pop_front() {
            self.tell(Input::Verified {
                piece,
                verdict: Verdict::Valid,
            });
        }
    }

    /// Segments that have appeared since the viewer came.
    pub fn segments_seen(&self) -> u32 {
        (self.head - FIRST) as u32
    }

    /// Empties the channels that media was handed to.
    pub fn drain_channels(&mut self) {
        while let Some(link) = self.orders.drains.pop_front() {
            self.tell(Input::LinkDrained { link, buffered: 0 });
        }
    }

    /// Lets time pass, waking the engine whenever it asks.
    pub fn pass_until(&mut self, end: Time) {
        while let Some(at) = self.wait.filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.tell(Input::Tick);
            self.answer();
        }
        self.now = self.now.max(end);
    }

    /// The player's report as it stands: three segments behind the newest, which it has not got.
    pub fn playhead(&self) -> Input {
        Input::Playhead(Playhead {
            position: SPAN * (self.head - BEHIND) as u32,
            rate: 1.0,
            active: vec![ActiveTrack {
                track: TRACK,
                buffered: SPAN * self.head as u32,
            }],
        })
    }

    fn play(&mut self) {
        let playhead = self.playhead();
        self.tell(playhead);
    }

    fn list(&mut self) {
        let segments = (self.head + 1 - LISTED..=self.head).map(|seq| TimelineSegment {
            seq,
            start: SPAN * seq as u32,
            duration: SPAN,
        });
        self.tell(Input::Timeline {
            track: TRACK,
            segments: segments.collect(),
        });
    }

    /// The input by which a block that was asked for comes, a little later.
    fn bring(&mut self, link: LinkId, block: Block) -> Input {
        self.now += BETWEEN_BLOCKS;
        self.come[(block.piece.0 % STRIDE) as usize] += 1;
        heard(link, Message::Piece(block))
    }

    /// The origin sends what it is asked for: parts of the index, and media.
    fn answer(&mut self) {
        while let Some(part) = self.orders.parts.pop_front() {
            let first = part * PART;
            let count = (self.head + 1).saturating_sub(first).min(PART);
            self.tell(Input::Part {
                track: TRACK,
                part,
                first,
                lengths: vec![self.stream.segment_bytes; count as usize],
            });
        }
        while let Some((id, segment, offset, length)) = self.orders.gets.pop_front() {
            self.now += Duration::from_millis(100);
            let first = first_piece(segment.seq) + offset / PIECE;
            for n in 0..length.div_ceil(PIECE) {
                let block = Block {
                    piece: PieceIndex(first + n),
                    begin: 0,
                    length: (length - n * PIECE).min(PIECE),
                };
                self.tell(Input::HttpBlock { id, block });
                self.check();
            }
            self.tell(Input::HttpDone(id));
        }
        self.check();
    }
}

pub const fn segment(seq: u64) -> SegmentId {
    SegmentId { track: TRACK, seq }
}

pub const fn first_piece(seq: u64) -> u32 {
    seq as u32 * STRIDE
}

/// The set of the pieces from `start` up to but not including `end`.
pub fn ranges(start: u32, end: u32) -> Ranges {
    core::iter::once(start..end).collect()
}
