//! What the engine waits for.

use std::collections::VecDeque;

use shoal_engine::{HttpId, LinkId, NeedId, Output};
use shoal_wire::id::{PieceIndex, SegmentId};
use shoal_wire::peer::{Block, Frame, Message};

/// What the engine has asked for and not had yet.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) blocks: VecDeque<(LinkId, Block)>,
    pub(crate) checks: VecDeque<PieceIndex>,
    pub(crate) gets: VecDeque<(HttpId, SegmentId, u32, u32)>,
    pub(crate) parts: VecDeque<u64>,
    pub(crate) accepted: Option<LinkId>,
    /// Channels that media was handed to.
    pub(crate) drains: VecDeque<LinkId>,
    pub(crate) need: Option<NeedId>,
}

impl Orders {
    pub(crate) fn note(&mut self, output: Output) {
        match output {
            Output::LinkSend {
                link,
                frame: Frame::Message(message),
            } => match message {
                Message::Request(block) => self.blocks.push_back((link, block)),
                Message::Cancel(block) => self.blocks.retain(|order| *order != (link, block)),
                Message::Piece(_) => self.drains.push_back(link),
                _ => {}
            },
            Output::LinkAccept { link, .. } => self.accepted = Some(link),
            Output::LinkClose { link, .. } => {
                self.blocks.retain(|(from, _)| *from != link);
                self.drains.retain(|to| *to != link);
            }
            Output::Verify { piece, .. } => self.checks.push_back(piece),
            Output::HttpGet {
                id,
                segment,
                offset,
                length,
                ..
            } => self.gets.push_back((id, segment, offset, length)),
            Output::HttpAbort(id) => self.gets.retain(|get| get.0 != id),
            Output::FetchPart { part, .. } => self.parts.push_back(part),
            Output::Deliver { id, .. } if self.need == Some(id) => self.need = None,
            Output::Decline { id, reason } => panic!("{id:?} is declined: {reason:?}"),
            _ => {}
        }
    }
}
