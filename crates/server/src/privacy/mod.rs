//! The page that tells viewers in full what sharing reveals, to whom, and what they can do.
//!
//! It is made of a text for each language and of this server's own settings. To add a language, add
//! `texts/<language>.html`, which begins with the language's own name in a comment: `{# English #}`.

mod facts;

use std::{
    cmp::Reverse,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, Value, context, syntax::SyntaxConfig, value::Serde};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::policy::Policies;
pub use facts::{Allowance, Facts, Operator, Party};

/// The language of whoever names none that there is.
const DEFAULT: &str = "en";

/// Template that all languages have in common.
const FRAME: &str = "page.html";

/// The style of the page. It stands in the page, which loads nothing at all.
const STYLE: &str = include_str!("style.css");

#[derive(RustEmbed)]
#[folder = "src/privacy/texts"]
struct Texts;

/// A language that the page is there in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// As in `lang`.
    pub code: String,
    /// Name that its speakers call it by.
    pub name: String,
}

/// The texts, read once.
static LIBRARY: LazyLock<Library> = LazyLock::new(Library::read);

struct Library {
    texts: Environment<'static>,
    languages: Vec<Language>,
}

/// The languages that there are, the default first.
#[must_use]
pub fn languages() -> &'static [Language] {
    &LIBRARY.languages
}

/// The page in a language; with links to the others where a server answers them.
///
/// # Errors
/// When there is no text in that language.
pub fn render(facts: &Facts, language: &str, links: bool) -> Result<String, minijinja::Error> {
    let entry = |known: &Language| {
        let here = known.code == language;
        context! { code => known.code.as_str(), name => known.name.as_str(), here }
    };
    let listed: Vec<_> = languages().iter().filter(|_| links).map(entry).collect();
    let text = LIBRARY.texts.get_template(&format!("{language}.html"))?;
    text.render(context! {
        language,
        languages => listed,
        style => Value::from_safe_string(STYLE.into()),
        ..Value::from(Serde(facts.values()))
    })
}

impl Library {
    fn read() -> Self {
        let mut texts = Environment::new();
        texts.set_auto_escape_callback(|_| AutoEscape::Html);
        let syntax = SyntaxConfig::builder().trim_blocks(true).build();
        texts.set_syntax(syntax.unwrap_or_default());
        texts.add_filter("grouped", grouped);
        let mut languages = Vec::new();
        for file in Texts::iter() {
            let Some(text) = Texts::get(&file) else {
                continue;
            };
            let text = String::from_utf8_lossy(&text.data).into_owned();
            if let (Some(code), Some(name)) = (file.strip_suffix(".html"), name(&text))
                && file != FRAME
            {
                languages.push(Language {
                    code: code.into(),
                    name: name.into(),
                });
            }
            if let Err(error) = texts.add_template_owned(file.into_owned(), text) {
                tracing::error!(%error, "a text on privacy is malformed");
            }
        }
        languages.sort_by_key(|language| (language.code != DEFAULT, language.code.clone()));
        Self { texts, languages }
    }
}

/// The language's name in the comment at a text's beginning.
fn name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("{#")?.split_once("#}")?;
    Some(name.trim())
}

/// `12345` as `12,345`, with what the language puts between the groups.
fn grouped(number: u64, between: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(between);
        }
        text.push(digit);
    }
    text
}

/// Answers `/privacy`.
pub(crate) async fn serve(
    State(facts): State<Arc<Facts>>,
    State(policies): State<Arc<Policies>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let language = asked(query.as_deref()).unwrap_or_else(|| preferred(&headers));
    let facts = Facts {
        sharing: policies.site(),
        ..Facts::clone(&facts)
    };
    match render(&facts, &language, true) {
        Ok(page) => (
            [
                (header::CACHE_CONTROL, "no-cache".to_owned()),
                (header::CONTENT_LANGUAGE, language),
                (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
                (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
                (header::REFERRER_POLICY, "no-referrer".to_owned()),
                (header::VARY, "accept-language".to_owned()),
            ],
            page,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "the page on privacy cannot be made");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Allows the page its own style and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
});

/// The language that the query names, if there is a text in it.
fn asked(query: Option<&str>) -> Option<String> {
    let mut words = query?
        .split('&')
        .filter_map(|word| word.strip_prefix("lang="));
    words.find_map(known)
}

/// The best of the languages that the browser asks for (RFC 9110 §12.5.4).
fn preferred(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let mut ranges: Vec<(&str, u16)> = value.unwrap_or_default().split(',').map(range).collect();
    // A stable sort: of those wanted as much, the first.
    ranges.sort_by_key(|(_, weight)| Reverse(*weight));
    ranges
        .into_iter()
        .filter(|(_, weight)| *weight > 0)
        .find_map(|(tag, _)| known(tag))
        .unwrap_or_else(|| DEFAULT.into())
}

/// A language range and its weight in thousandths.
fn range(entry: &str) -> (&str, u16) {
    let (tag, weight) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
    let weight = weight.and_then(Result::ok).unwrap_or(1.0).clamp(0.0, 1.0);
    (tag.trim(), (weight * 1_000.0) as u16)
}

/// The language whose text serves a tag, such as `fr` for `fr-CA`.
fn known(tag: &str) -> Option<String> {
    let primary = tag.split('-').next().unwrap_or(tag);
    let mut all = languages().iter();
    let found = all.find(|language| language.code.eq_ignore_ascii_case(primary));
    found.map(|language| language.code.clone())
}

#[cfg(test)]
mod tests {
    use shoal_wire::index::P2p;

    use super::{facts::tests::facts, *};

    fn page(facts: &Facts, language: &str) -> String {
        render(facts, language, true).unwrap()
    }

    /// Settings in which every sentence of the texts occurs at least once.
    fn settings() -> Vec<Facts> {
        let mut own = facts();
        own.operator = Operator {
            name: Some("Café <Film> & Co".into()),
            contact: Some("post@example.org".into()),
        };
        own.sharing = P2p::On;
        own.min_viewers = 5;
        own.tokens = true;
        own.nodes = true;
        own.turn = Party::Own;
        let mut others = facts();
        others.sharing = P2p::Off;
        others.tracker = Party::Others(vec!["tracker.example".into()]);
        others.stun = Party::Others(vec!["stun.example".into()]);
        others.turn = Party::Others(vec!["turn.example".into()]);
        others.mirrors = Party::Others(vec!["mirror.example".into()]);
        let mut none = facts();
        none.stun = Party::None;
        none.interval = 60;
        vec![facts(), own, others, none]
    }

    #[test]
    fn every_language_renders_with_every_setting() {
        for language in languages() {
            for facts in settings() {
                let page = page(&facts, &language.code);
                assert!(page.contains(&format!("<html lang=\"{}\">", language.code)));
                assert!(page.contains("<main>") && page.contains("<h1>"));
                assert!(!page.contains("{{") && !page.contains("{%"), "{page}");
            }
        }
    }

    #[test]
    fn languages_say_the_same_in_the_same_order() {
        let ids = |language: &Language, facts: &Facts| -> Vec<String> {
            let page = page(facts, &language.code);
            page.split(" id=\"")
                .skip(1)
                .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
                .collect()
        };
        let tags = |language: &Language, facts: &Facts| {
            page(facts, &language.code).matches("<li>").count()
        };
        for facts in settings() {
            for language in languages() {
                let default = &languages()[0];
                assert_eq!(ids(language, &facts), ids(default, &facts));
                assert_eq!(tags(language, &facts), tags(default, &facts));
            }
        }
    }

    #[test]
    fn the_page_states_this_servers_numbers() {
        let mut facts = facts();
        facts.min_viewers = 1_234;
        facts.peers_per_announce = 7;
        facts.interval = 180;
        facts.per_connection.per_hour = 4_321;
        facts.per_address.burst = 98_765;
        for (language, between) in [("en", ","), ("fr", "\u{202f}")] {
            let page = page(&facts, language);
            for number in ["1·234", "7", "3 minutes", "4·321", "98·765", "7·485"] {
                let number = number.replace('·', between);
                assert!(page.contains(&number), "{number} in {language}");
            }
        }
    }

    #[test]
    fn the_page_names_third_parties_or_says_that_there_are_none() {
        assert!(page(&facts(), "en").contains("No third party"));
        let others = page(&settings()[2], "en");
        assert!(!others.contains("No third party"));
        for name in [
            "tracker.example",
            "stun.example",
            "turn.example",
            "mirror.example",
        ] {
            assert!(others.contains(name), "{name}");
        }
    }

    #[test]
    fn what_the_operator_has_not_said_is_not_made_up() {
        let page = page(&facts(), "en");
        assert!(page.contains("has not entered a name or a contact"));
        let named = render(&settings()[1], "en", true).unwrap();
        assert!(named.contains("Café &lt;Film&gt; &amp; Co"));
        assert!(named.contains("post@example.org"));
    }

    #[test]
    fn the_page_loads_nothing() {
        for facts in settings() {
            let page = page(&facts, "en");
            for loader in [
                "<script", "<img", "<link", "<iframe", "@import", "url(", "src=", "http:", "https:",
            ] {
                assert!(!page.contains(loader), "{loader}");
            }
        }
    }

    #[test]
    fn a_written_page_has_no_links_to_other_languages() {
        let written = render(&facts(), "fr", false).unwrap();
        assert!(!written.contains("?lang="));
        assert!(page(&facts(), "fr").contains("?lang=en"));
    }

    #[test]
    fn the_readers_language_is_chosen() {
        let preferred = |value: &str| {
            let value = (header::ACCEPT_LANGUAGE, value.parse().unwrap());
            preferred(&HeaderMap::from_iter([value]))
        };
        assert_eq!(preferred("fr"), "fr");
        assert_eq!(preferred("fr-CA,fr;q=0.9,en;q=0.8"), "fr");
        assert_eq!(preferred("xx, EN;q=0.2, fr;q=0.7"), "fr");
        assert_eq!(preferred("fr;q=0, en;q=0.1"), "en");
        assert_eq!(preferred("xx;q=nonsense,*"), "en");
        assert_eq!(super::preferred(&HeaderMap::new()), "en");
        assert_eq!(asked(Some("a=b&lang=fr")), Some("fr".into()));
        assert_eq!(asked(Some("lang=../../etc/passwd")), None);
        assert_eq!(asked(None), None);
    }
}
