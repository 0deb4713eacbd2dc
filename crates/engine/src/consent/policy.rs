//! Who decides whether this viewer shares: the strictest rule wins.

/// What one of those who decide has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Ask the viewer first.
    Ask,
    /// Never.
    Off,
    /// Without asking.
    On,
}

/// One rule of the policy, as its owner sets it. `None` says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `on` counts as `ask`: the browser's privacy signal is set, or the notice cannot be seen.
    AskFirst(bool),
    /// The browser can make peer connections. Said again, it is tried again where it was blocked.
    Capable(bool),
    /// The viewer hides their address: peers are reached through relays (TURN) alone.
    Hidden(bool),
    /// The operator wants so many viewers before anyone shares. Up to 1 there is no such bound.
    Least(u32),
    /// The connection is metered or saves data.
    Metered(bool),
    /// The viewer's yes was given in sight of a metered connection.
    MeteredToo(bool),
    /// The embedding page's attribute. It may restrict, never widen.
    Page(Option<Wish>),
    /// The operator offers a relay (TURN).
    Relay(bool),
    /// The site's operator.
    Site(Option<Wish>),
    /// The video's own policy.
    Video(Option<Wish>),
    /// The viewer's own answer: share or not.
    Viewer(Option<bool>),
}

/// Why P2P is not on. Each has a sentence in the page's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The engine failed; the video streams from the origin.
    EngineFailed,
    /// Fewer viewers than the operator wants before sharing.
    FewViewers,
    /// A metered or data-saving connection does not join by itself.
    Metered,
    /// No index describes the video, so nothing could be verified.
    NoIndex,
    /// The viewer hides their address, and no relay is offered or it cannot be reached.
    NoRelay,
    /// This browser has no WebRTC, or it is switched off.
    NoWebrtc,
    /// The embedding page said so.
    Page,
    /// The site's operator said so.
    Site,
    /// The player is still starting.
    Starting,
    /// The tracker cannot be reached; it is tried again.
    Tracker,
    /// The video's own policy said so.
    Video,
    /// The browser has WebRTC, and lets it find no way by which a peer could come.
    WebrtcBlocked,
    /// The viewer said so.
    You,
}

impl Reason {
    /// The stable name that pages know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EngineFailed => "engine-failed",
            Self::FewViewers => "few-viewers",
            Self::Metered => "metered",
            Self::NoIndex => "no-index",
            Self::NoRelay => "no-relay",
            Self::NoWebrtc => "no-webrtc",
            Self::Page => "page",
            Self::Site => "site",
            Self::Starting => "starting",
            Self::Tracker => "tracker",
            Self::Video => "video",
            Self::WebrtcBlocked => "webrtc-blocked",
            Self::You => "you",
        }
    }
}

/// What the viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The viewer has not answered yet. Nothing is sent.
    Asking,
    /// Nothing is sent.
    Off(Reason),
    /// Sharing.
    On,
    /// Would share, but cannot at present.
    Waiting(Reason),
}

/// All that has been said, and what follows from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    ask_first: bool,
    blocked: bool,
    /// As many watch as the operator wants.
    enough: bool,
    hidden: bool,
    incapable: bool,
    least: u32,
    metered: bool,
    metered_too: bool,
    page: Option<Wish>,
    relay: bool,
    site: Option<Wish>,
    video: Option<Wish>,
    viewer: Option<bool>,
}

/// What the rules allow; whether it works out is the network's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Nobody may be contacted: the viewer has to answer first.
    Ask,
    /// Peers and tracker may be contacted.
    Join,
    /// Nobody may be contacted.
    Stop(Reason),
    /// Nobody may be contacted now.
    Hold(Reason),
}

impl Policy {
    /// Takes in what one of those who decide has said.
    pub(super) fn set(&mut self, rule: Rule) {
        match rule {
            Rule::AskFirst(first) => self.ask_first = first,
            Rule::Capable(capable) => {
                self.incapable = !capable;
                self.blocked = false;
            }
            Rule::Hidden(hidden) => {
                self.blocked &= self.hidden == hidden;
                self.hidden = hidden;
            }
            Rule::Least(least) => {
                self.enough &= self.least == least;
                self.least = least;
            }
            Rule::Metered(metered) => self.metered = metered,
            Rule::MeteredToo(too) => self.metered_too = too,
            Rule::Page(wish) => self.page = wish,
            Rule::Relay(relay) => self.relay = relay,
            Rule::Site(wish) => self.site = wish,
            Rule::Video(wish) => self.video = wish,
            Rule::Viewer(answer) => self.viewer = answer,
        }
    }

    /// The viewer hides their address.
    pub(super) const fn hidden(&self) -> bool {
        self.hidden
    }

    /// No description of ours had a way by which a peer could come.
    pub(super) fn block(&mut self) {
        self.blocked = true;
    }

    /// Viewers are counted, now or soon, because the operator wants a number of them.
    pub(super) fn counts(&self) -> bool {
        let others = Self { least: 0, ..*self };
        self.least > 1 && matches!(others.ruling(), Ruling::Ask | Ruling::Join)
    }

    /// So many watch. Once there were enough, sharing ends when half of them have gone: it would
    /// otherwise begin and end with every viewer who comes and goes.
    pub(super) fn counted(&mut self, viewers: u32) {
        let bound = if self.enough {
            self.least.div_ceil(2)
        } else {
            self.least
        };
        self.enough = viewers >= bound;
    }

    /// The strictest rule wins: browser, viewer, operator, video, page, and by default the viewer
    /// is asked. Only the operator can spare the viewer the question, and nobody below can undo
    /// what one above has refused.
    pub(super) fn ruling(&self) -> Ruling {
        if self.incapable {
            return Ruling::Stop(Reason::NoWebrtc);
        }
        if self.viewer == Some(false) {
            return Ruling::Stop(Reason::You);
        }
        for (wish, reason) in [
            (self.site, Reason::Site),
            (self.video, Reason::Video),
            (self.page, Reason::Page),
        ] {
            if wish == Some(Wish::Off) {
                return Ruling::Stop(reason);
            }
        }
        if self.hidden && (self.blocked || !self.relay) {
            return Ruling::Stop(Reason::NoRelay);
        }
        if self.blocked {
            return Ruling::Stop(Reason::WebrtcBlocked);
        }
        let willing = self.viewer == Some(true);
        if self.metered && !(willing && self.metered_too) {
            return Ruling::Hold(Reason::Metered);
        }
        if self.least > 1 && !self.enough {
            return Ruling::Hold(Reason::FewViewers);
        }
        let spared = self.site == Some(Wish::On)
            && self.video != Some(Wish::Ask)
            && self.page != Some(Wish::Ask)
            && !self.ask_first;
        if willing || spared {
            Ruling::Join
        } else {
            Ruling::Ask
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruling(rules: &[Rule]) -> Ruling {
        let mut policy = Policy::default();
        for &rule in rules {
            policy.set(rule);
        }
        policy.ruling()
    }

    #[test]
    fn the_default_is_to_ask() {
        assert_eq!(ruling(&[]), Ruling::Ask);
        assert_eq!(ruling(&[Rule::Site(Some(Wish::Ask))]), Ruling::Ask);
    }

    #[test]
    fn only_the_operator_spares_the_question() {
        assert_eq!(ruling(&[Rule::Site(Some(Wish::On))]), Ruling::Join);
        assert_eq!(ruling(&[Rule::Video(Some(Wish::On))]), Ruling::Ask);
        assert_eq!(ruling(&[Rule::Page(Some(Wish::On))]), Ruling::Ask);
    }

    #[test]
    fn video_and_page_restrict_but_never_widen() {
        let on = Rule::Site(Some(Wish::On));
        assert_eq!(ruling(&[on, Rule::Page(Some(Wish::Ask))]), Ruling::Ask);
        assert_eq!(ruling(&[on, Rule::Video(Some(Wish::Ask))]), Ruling::Ask);
        assert_eq!(
            ruling(&[on, Rule::Page(Some(Wish::Off))]),
            Ruling::Stop(Reason::Page)
        );
        assert_eq!(
            ruling(&[on, Rule::Video(Some(Wish::Off))]),
            Ruling::Stop(Reason::Video)
        );
    }

    #[test]
    fn the_viewer_can_always_refuse_but_not_override_a_refusal() {
        let on = Rule::Site(Some(Wish::On));
        assert_eq!(
            ruling(&[on, Rule::Viewer(Some(false))]),
            Ruling::Stop(Reason::You)
        );
        let yes = Rule::Viewer(Some(true));
        assert_eq!(ruling(&[yes]), Ruling::Join);
        assert_eq!(
            ruling(&[yes, Rule::Site(Some(Wish::Off))]),
            Ruling::Stop(Reason::Site)
        );
        assert_eq!(
            ruling(&[yes, Rule::Video(Some(Wish::Off))]),
            Ruling::Stop(Reason::Video)
        );
        assert_eq!(
            ruling(&[yes, Rule::Page(Some(Wish::Off))]),
            Ruling::Stop(Reason::Page)
        );
        assert_eq!(
            ruling(&[yes, Rule::Capable(false)]),
            Ruling::Stop(Reason::NoWebrtc)
        );
    }

    #[test]
    fn a_metered_connection_does_not_join_by_itself() {
        let on = Rule::Site(Some(Wish::On));
        let metered = Rule::Metered(true);
        let held = Ruling::Hold(Reason::Metered);
        assert_eq!(ruling(&[on, metered]), held);
        // A yes that was given elsewhere does not hold here.
        let yes = Rule::Viewer(Some(true));
        assert_eq!(ruling(&[on, metered, yes]), held);
        let too = Rule::MeteredToo(true);
        assert_eq!(ruling(&[on, metered, too]), held);
        assert_eq!(ruling(&[on, metered, yes, too]), Ruling::Join);
    }

    #[test]
    fn a_privacy_signal_asks_and_never_refuses_for_the_viewer() {
        let on = Rule::Site(Some(Wish::On));
        let signal = Rule::AskFirst(true);
        assert_eq!(ruling(&[on, signal]), Ruling::Ask);
        let yes = Rule::Viewer(Some(true));
        assert_eq!(ruling(&[on, signal, yes]), Ruling::Join);
    }

    #[test]
    fn who_hides_needs_a_relay() {
        let yes = Rule::Viewer(Some(true));
        let hidden = Rule::Hidden(true);
        let none = Ruling::Stop(Reason::NoRelay);
        assert_eq!(ruling(&[yes, hidden]), none);
        assert_eq!(ruling(&[yes, hidden, Rule::Relay(true)]), Ruling::Join);
        assert_eq!(ruling(&[yes, Rule::Relay(true)]), Ruling::Join);
    }

    #[test]
    fn a_blocked_browser_stops_until_something_changes() {
        let mut policy = Policy::default();
        policy.set(Rule::Viewer(Some(true)));
        policy.block();
        assert_eq!(policy.ruling(), Ruling::Stop(Reason::WebrtcBlocked));
        policy.set(Rule::Viewer(Some(true)));
        assert_eq!(policy.ruling(), Ruling::Stop(Reason::WebrtcBlocked));
        for change in [Rule::Capable(true), Rule::Hidden(true)] {
            let mut policy = policy;
            policy.set(Rule::Relay(true));
            policy.set(change);
            assert_eq!(policy.ruling(), Ruling::Join, "{change:?}");
            policy.block();
            policy.set(Rule::Hidden(true));
            let hidden = matches!(change, Rule::Hidden(_));
            let stopped = policy.ruling() == Ruling::Stop(Reason::NoRelay);
            assert_eq!(stopped, hidden, "{change:?}");
        }
    }

    #[test]
    fn too_few_viewers_wait_even_if_willing() {
        let mut policy = Policy::default();
        policy.set(Rule::Viewer(Some(true)));
        policy.set(Rule::Least(5));
        let waits = Ruling::Hold(Reason::FewViewers);
        assert_eq!(policy.ruling(), waits);
        for (viewers, ruling) in [
            (4, waits),
            (5, Ruling::Join),
            (3, Ruling::Join),
            (2, waits),
            (4, waits),
            (6, Ruling::Join),
        ] {
            policy.counted(viewers);
            assert_eq!(policy.ruling(), ruling, "{viewers}");
        }
        policy.set(Rule::Least(9));
        assert_eq!(policy.ruling(), waits);
        policy.set(Rule::Least(1));
        assert_eq!(policy.ruling(), Ruling::Join);
    }

    #[test]
    fn viewers_are_counted_only_where_that_decides() {
        let mut policy = Policy::default();
        assert!(!policy.counts());
        policy.set(Rule::Least(2));
        assert!(policy.counts(), "who may be asked later");
        policy.set(Rule::Metered(true));
        assert!(!policy.counts());
        policy.set(Rule::Metered(false));
        policy.set(Rule::Viewer(Some(false)));
        assert!(!policy.counts());
        policy.set(Rule::Viewer(Some(true)));
        policy.counted(2);
        assert!(policy.counts(), "who has joined");
    }
}
