//! Who decides whether this viewer shares: the strictest rule wins.

use serde::Serialize;

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
    /// The browser can make peer connections.
    Capable(bool),
    /// The connection is metered or saves data.
    Metered(bool),
    /// The embedding page's attribute. It may restrict, never widen.
    Page(Option<Wish>),
    /// The site's operator.
    Site(Option<Wish>),
    /// The video's own policy.
    Video(Option<Wish>),
    /// The viewer's own answer: share or not.
    Viewer(Option<bool>),
}

/// Why P2P is not on. Each has a sentence in the page's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The engine failed; the video streams from the origin.
    EngineFailed,
    /// Fewer viewers than the operator wants before sharing.
    FewViewers,
    /// A metered or data-saving connection does not join by itself.
    Metered,
    /// No index describes the video, so nothing could be verified.
    NoIndex,
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
    /// The viewer said so.
    You,
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
pub(crate) struct Policy {
    incapable: bool,
    metered: bool,
    page: Option<Wish>,
    site: Option<Wish>,
    video: Option<Wish>,
    viewer: Option<bool>,
}

/// What the rules allow; whether it works out is the network's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
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
    pub(crate) fn set(&mut self, rule: Rule) {
        match rule {
            Rule::Capable(capable) => self.incapable = !capable,
            Rule::Metered(metered) => self.metered = metered,
            Rule::Page(wish) => self.page = wish,
            Rule::Site(wish) => self.site = wish,
            Rule::Video(wish) => self.video = wish,
            Rule::Viewer(answer) => self.viewer = answer,
        }
    }

    /// The strictest rule wins: browser, viewer, operator, video, page, and by default the viewer
    /// is asked. Only the operator can spare the viewer the question, and nobody below can undo
    /// what one above has refused.
    pub(crate) fn ruling(&self) -> Ruling {
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
        if self.viewer == Some(true) {
            return Ruling::Join;
        }
        if self.metered {
            return Ruling::Hold(Reason::Metered);
        }
        let spared = self.site == Some(Wish::On)
            && self.video != Some(Wish::Ask)
            && self.page != Some(Wish::Ask);
        if spared { Ruling::Join } else { Ruling::Ask }
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
        let rules = [Rule::Site(Some(Wish::On)), Rule::Metered(true)];
        assert_eq!(ruling(&rules), Ruling::Hold(Reason::Metered));
        let asked = [rules[0], rules[1], Rule::Viewer(Some(true))];
        assert_eq!(ruling(&asked), Ruling::Join);
    }
}
