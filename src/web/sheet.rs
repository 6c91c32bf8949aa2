//! A page of words and forms: what most of the pages for people are.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, Response};

use super::site::Problem;
use super::visitor::Visitor;
use crate::i18n::{self, Arg};
use crate::shop::texts::Language;

/// What stands around every page.
pub(super) struct Frame {
    pub(super) lang: &'static str,
    language: Language,
    pub(super) languages: [(&'static str, &'static str); 2],
    pub(super) shop: String,
    pub(super) title: String,
    /// What forms carry.
    pub(super) form: String,
    /// The page's own address, for its other languages.
    pub(super) here: String,
    /// The rooms of the cabinet: address, name, and whether it is this one. None for who is not logged in.
    pub(super) rooms: Vec<(&'static str, String, bool)>,
}

/// The rooms of the cabinet.
const ROOMS: [(&str, &str); 6] = [
    ("/cabinet", "cabinet-room-home"),
    ("/cabinet/orders", "cabinet-room-orders"),
    ("/cabinet/downloads", "download-room"),
    ("/cabinet/profile", "cabinet-room-profile"),
    ("/cabinet/safety", "cabinet-room-safety"),
    ("/cabinet/data", "cabinet-room-data"),
];

impl Frame {
    pub(super) fn of(visitor: &Visitor, title: String, here: &str) -> Self {
        let language = visitor.language;
        let rooms = ROOMS.map(|(path, id)| {
            let is_here = here == path || (path != "/cabinet" && here.starts_with(path));
            (path, i18n::text(language, id, &[]), is_here)
        });
        let is_in = visitor.session.is_some() && here.starts_with("/cabinet");
        Self {
            lang: language.code(),
            language,
            languages: [("en", "English"), ("ru", "Русский")],
            shop: i18n::clean(&visitor.site.name),
            title,
            form: visitor.form_token(),
            here: here.to_owned(),
            rooms: if is_in { rooms.to_vec() } else { Vec::new() },
        }
    }

    /// A text of the shop's.
    pub(super) fn t(&self, id: &str) -> String {
        i18n::text(self.language, id, &[])
    }
}

/// A page of words and forms.
pub(super) struct Sheet {
    status: StatusCode,
    again: Option<Duration>,
    /// Its own address.
    here: String,
    title: String,
    /// What has just happened: whether it is good, and its words.
    notice: Option<(&'static str, String)>,
    words: Vec<String>,
    facts: Vec<(String, String)>,
    forms: Vec<Form>,
    links: Vec<(String, String)>,
}

/// A form on a page.
#[derive(Default)]
pub(super) struct Form {
    action: String,
    title: String,
    words: Vec<String>,
    fields: Vec<Field>,
    button: String,
    style: &'static str,
    /// Other buttons: names, values and labels.
    others: Vec<(&'static str, &'static str, String)>,
}

/// A field of a form.
struct Field {
    name: &'static str,
    label: String,
    kind: &'static str,
    autocomplete: &'static str,
    value: String,
    /// What helps to fill it in.
    hint: String,
    /// Whether browsers send it filled in only.
    is_required: bool,
    /// Values and labels to choose from.
    options: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct Page<'a> {
    frame: Frame,
    sheet: &'a Sheet,
}

impl Sheet {
    /// A page at the address `here`.
    pub(super) fn new(title: String, here: &str) -> Self {
        Self {
            status: StatusCode::OK,
            again: None,
            here: here.to_owned(),
            title,
            notice: None,
            words: Vec::new(),
            facts: Vec::new(),
            forms: Vec::new(),
            links: Vec::new(),
        }
    }

    pub(super) fn words(mut self, words: String) -> Self {
        self.words.push(words);
        self
    }

    pub(super) fn fact(mut self, name: String, value: &str) -> Self {
        self.facts.push((name, i18n::clean(value)));
        self
    }

    pub(super) fn form(mut self, form: Form) -> Self {
        self.forms.push(form);
        self
    }

    pub(super) fn link(mut self, path: &str, label: String) -> Self {
        self.links.push((path.to_owned(), label));
        self
    }

    /// Something went well.
    pub(super) fn good(mut self, words: String) -> Self {
        self.notice = Some(("good", words));
        self
    }

    /// Something did not, and what to do.
    pub(super) fn bad(mut self, status: StatusCode, words: String) -> Self {
        self.status = status;
        self.notice = Some(("bad", words));
        self
    }

    /// Too often: not before this time has passed.
    pub(super) fn too_many(self, visitor: &Visitor, wait: Duration) -> Self {
        let words = visitor.say(
            "web-too-many",
            &[("time", lasts(visitor.language, wait).into())],
        );
        let mut sheet = self.bad(StatusCode::TOO_MANY_REQUESTS, words);
        sheet.again = Some(wait);
        sheet
    }

    /// Too much at once.
    pub(super) fn busy(self, visitor: &Visitor) -> Self {
        let mut sheet = self.bad(StatusCode::SERVICE_UNAVAILABLE, visitor.t("web-busy"));
        sheet.again = Some(Duration::from_secs(2));
        sheet
    }

    /// The page as an answer.
    pub(super) fn show(&self, visitor: &Visitor) -> Result<Response, Problem> {
        let frame = Frame::of(visitor, self.title.clone(), &self.here);
        let page = Page { frame, sheet: self }.render()?;
        let mut answer = visitor.answer((self.status, Html(page)));
        if let Some(again) = self.again {
            let seconds = again.as_secs().max(1);
            let headers = answer.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Ok(answer)
    }
}

impl Form {
    /// A form that goes to `action`, with a button.
    pub(super) fn new(action: &str, button: String) -> Self {
        Self {
            action: action.to_owned(),
            button,
            ..Self::default()
        }
    }

    /// Another button, which sends a field of its own along.
    pub(super) fn or(mut self, name: &'static str, value: &'static str, label: String) -> Self {
        self.others.push((name, value, label));
        self
    }

    pub(super) fn title(mut self, title: String) -> Self {
        self.title = title;
        self
    }

    pub(super) fn words(mut self, words: String) -> Self {
        self.words.push(words);
        self
    }

    /// Its button is what one came for.
    pub(super) fn main(mut self) -> Self {
        self.style = "main";
        self
    }

    /// Its button takes something away.
    pub(super) fn danger(mut self) -> Self {
        self.style = "danger";
        self
    }

    pub(super) fn field(
        mut self,
        name: &'static str,
        label: String,
        kind: &'static str,
        autocomplete: &'static str,
    ) -> Self {
        self.fields.push(Field {
            name,
            label,
            kind,
            autocomplete,
            value: String::new(),
            hint: String::new(),
            is_required: false,
            options: Vec::new(),
        });
        self
    }

    /// What the last field holds so far.
    pub(super) fn holding(mut self, value: &str) -> Self {
        if let Some(field) = self.fields.last_mut() {
            value.clone_into(&mut field.value);
        }
        self
    }

    /// What helps to fill the last field in.
    pub(super) fn hint(mut self, words: String) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.hint = words;
        }
        self
    }

    /// The last field has to be filled in.
    pub(super) fn required(mut self) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.is_required = true;
        }
        self
    }

    /// A choice of languages.
    pub(super) fn languages(self, name: &'static str, label: String, chosen: Language) -> Self {
        let mut form = self
            .field(name, label, "choice", "off")
            .holding(chosen.code());
        if let Some(field) = form.fields.last_mut() {
            field.options = vec![("en", "English"), ("ru", "Русский")];
        }
        form
    }
}

impl Visitor {
    /// A text of the shop's in their language.
    pub(super) fn t(&self, id: &str) -> String {
        i18n::text(self.language, id, &[])
    }

    /// The same with what stands in it.
    pub(super) fn say(&self, id: &str, args: &[(&'static str, Arg)]) -> String {
        i18n::text(self.language, id, args)
    }
}

/// A time in words, rounded up: seconds below two minutes, then minutes, then hours.
pub(super) fn lasts(language: Language, time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1_000).max(1) as i64;
    let (id, name, count) = match seconds {
        ..=119 => ("time-seconds", "seconds", seconds),
        120..=7_199 => ("time-minutes", "minutes", (seconds + 59) / 60),
        _ => ("time-hours", "hours", (seconds + 3_599) / 3_600),
    };
    i18n::text(language, id, &[(name, count.into())])
}
