//! One open connection: what its peer has, the download from it and the upload to it.

use std::collections::VecDeque;
use std::rc::Rc;

use shoal_engine::LinkId;
use shoal_wire::id::PeerId;

use super::env::{Env, Output};
use super::packet::{Announcement, Packet};
use super::rate::Meter;
use super::settings::MESSAGE;

/// A peer of one swarm.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) link: LinkId,
    pub(super) name: PeerId,
    /// Segments that it last said it had.
    pub(super) has: Rc<Announcement>,
    pub(super) download: Option<Download>,
    /// Silences since its last success.
    pub(super) silences: u32,
    pub(super) meter: Meter,
    upload: Option<Upload>,
    /// Commands that wait for the channel.
    commands: VecDeque<Packet>,
    /// Bytes that the channel has not sent.
    buffered: u32,
}

/// The one request that is open at a peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Download {
    pub(super) seq: u64,
    pub(super) request: u32,
    /// Whether it has begun to answer.
    pub(super) begun: bool,
}

#[derive(Clone, Copy, Debug)]
struct Upload {
    seq: u64,
    request: u32,
    left: u32,
}

/// Bytes in the channel's buffer beyond which nothing is added.
const HIGH_MARK: u32 = 64 << 10;

impl Peer {
    pub(super) fn new(link: LinkId, name: PeerId) -> Self {
        Self {
            link,
            name,
            has: Rc::default(),
            download: None,
            silences: 0,
            meter: Meter::default(),
            upload: None,
            commands: VecDeque::new(),
            buffered: 0,
        }
    }

    /// The request that is open here, if it is this one.
    pub(super) fn asked(&mut self, request: u32) -> Option<&mut Download> {
        self.download
            .as_mut()
            .filter(|open| open.request == request)
    }

    pub(super) fn send(&mut self, env: &mut Env, packet: Packet) {
        self.commands.push_back(packet);
        self.pump(env);
    }

    /// The channel's buffer has run low.
    pub(super) fn drained(&mut self, env: &mut Env, buffered: u32) {
        self.buffered = buffered;
        self.pump(env);
    }

    /// Begins to send a segment, whatever else was being sent.
    pub(super) fn serve(&mut self, env: &mut Env, seq: u64, request: u32, bytes: u32) {
        self.upload = Some(Upload {
            seq,
            request,
            left: bytes,
        });
        self.send(
            env,
            Packet::Data {
                seq,
                request,
                bytes,
            },
        );
    }

    /// Sends no more of a segment; of any when `request` is not given. What the channel has, it
    /// sends.
    pub(super) fn hush(&mut self, request: Option<u32>) {
        let meant = |upload: &Upload| request.is_none_or(|request| upload.request == request);
        if self.upload.as_ref().is_some_and(meant) {
            self.upload = None;
        }
    }

    /// Hands over to the channel what it takes: commands first come first, media behind them.
    fn pump(&mut self, env: &mut Env) {
        while self.buffered <= HIGH_MARK
            && let Some(packet) = self.next()
        {
            self.buffered += packet.bytes();
            env.stats.uploaded_bytes += u64::from(packet.media());
            let link = self.link;
            env.outputs.push_back(Output::Send { link, packet });
        }
    }

    fn next(&mut self) -> Option<Packet> {
        if let Some(command) = self.commands.pop_front() {
            return Some(command);
        }
        let upload = self.upload.as_mut()?;
        let bytes = upload.left.min(MESSAGE);
        upload.left -= bytes;
        if bytes > 0 {
            return Some(Packet::Media(bytes));
        }
        let Upload { seq, request, .. } = *upload;
        self.upload = None;
        Some(Packet::Completed { seq, request })
    }
}
