//! What every form shares: what was posted, its fields with their mistakes, and the page around.

use std::collections::BTreeMap;

use askama::Template;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use axum::{Form, RequestExt};

use super::super::State;
use super::super::failure::Failure;
use super::super::frame::Frame;
use super::super::texts::Texts;
use crate::auth::Refusal;

/// The longest form, in bytes.
const MAX_FORM: usize = 262_144;

/// A form as it was posted.
#[derive(Debug, Default)]
pub struct Posted(BTreeMap<String, String>);

impl FromRequest<State> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &State) -> Result<Self, Failure> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            return Err(Failure::StaleForm);
        }
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_FORM).await.map_err(|_| Failure::ForeignField)?;
        let again = Request::from_parts(parts, axum::body::Body::from(bytes));
        let form: Result<Form<Vec<(String, String)>>, _> = again.extract().await;
        let Form(pairs) = form.map_err(|_| Failure::ForeignField)?;
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            // Text in the database holds every character but this one.
            if value.contains('\0') || fields.insert(name, value).is_some() {
                return Err(Failure::ForeignField);
            }
        }
        Ok(Self(fields))
    }
}

impl Posted {
    /// A form with these values, as if somebody had filled it in.
    pub fn holding<const N: usize>(values: [(&str, String); N]) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Refuses a form with a field that is none of these: nobody sets what was not asked for.
    pub fn only(&self, names: &[&str]) -> Result<(), Failure> {
        let known = |name: &String| name == "teken" || names.contains(&name.as_str());
        if self.0.keys().all(known) { Ok(()) } else { Err(Failure::ForeignField) }
    }

    /// A field without blanks around it; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// A password: exactly as it was typed.
    pub fn exact(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Which of these choices were ticked, with commas between.
    pub fn chosen(&self, name: &str, values: &[&str]) -> String {
        let ticked = |value: &&&str| self.0.contains_key(&format!("{name}-{value}"));
        values.iter().filter(ticked).copied().collect::<Vec<_>>().join(",")
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// Fields that are not right, each with its sentence.
#[derive(Debug, Default, Clone)]
pub struct Mistakes(Vec<(&'static str, Mistake)>);

#[derive(Debug, Clone)]
enum Mistake {
    /// The key of the sentence.
    Key(String),
    /// The sentence.
    Words(String),
}

impl Mistakes {
    /// One more.
    pub fn add(&mut self, field: &'static str, key: &str) {
        self.0.push((field, Mistake::Key(format!("mistake.{key}"))));
    }

    /// Adds one when the field is empty or longer than `most` characters.
    pub fn bounded(&mut self, field: &'static str, value: &str, most: usize) {
        if value.is_empty() {
            self.add(field, "empty");
        } else if value.chars().count() > most {
            self.add(field, "long");
        }
    }

    /// Whether all is well.
    pub fn none(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one in these very words.
    pub fn say(&mut self, field: &'static str, words: impl Into<String>) {
        self.0.push((field, Mistake::Words(words.into())));
    }

    fn of(&self, field: &str, t: Texts) -> Option<String> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.and_then(|(_, mistake)| match mistake {
            Mistake::Key(key) => t.find(key).map(str::to_owned),
            Mistake::Words(words) => Some(words.clone()),
        })
    }
}

/// One field as it stands on a page.
#[derive(Debug, Clone)]
pub struct Field {
    /// In the form, and in the texts.
    pub name: &'static str,
    /// `text`, `email`, `password`, `url`, `number`, `textarea`, `select`, `checkbox`, or `choices`
    /// for boxes of which any may be ticked.
    pub kind: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it holds.
    pub value: String,
    /// What helps to fill it in.
    pub hint: Option<&'static str>,
    /// What is wrong with it.
    pub mistake: Option<String>,
    /// What it is counted in.
    pub unit: Option<&'static str>,
    /// What a browser may fill in.
    pub autocomplete: &'static str,
    /// Whether it may stay empty.
    pub optional: bool,
    /// Whether the cursor begins here.
    pub focus: bool,
    /// Value and words, for `select` and `choices`. What is ticked of these stands in `value`,
    /// with commas between.
    pub options: Vec<(String, String)>,
    /// For `checkbox`.
    pub ticked: bool,
}

impl Field {
    /// A field of this kind.
    pub fn new(name: &'static str, kind: &'static str, t: Texts) -> Self {
        Self {
            name,
            kind,
            label: t.get(&format!("field.{name}.label")),
            value: String::new(),
            hint: t.find(&format!("field.{name}.hint")),
            mistake: None,
            unit: None,
            autocomplete: "off",
            optional: false,
            focus: false,
            options: Vec::new(),
            ticked: false,
        }
    }

    /// Holding this.
    #[must_use]
    pub fn holding(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With what a browser may fill in.
    #[must_use]
    pub fn filled_in_as(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Without the hint.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.hint = None;
        self
    }

    /// To choose from.
    #[must_use]
    pub fn choosing(mut self, options: Vec<(String, String)>) -> Self {
        self.options = options;
        self
    }

    /// Ticked or not.
    #[must_use]
    pub fn ticked(mut self, ticked: bool) -> Self {
        self.ticked = ticked;
        self
    }

    /// Whether this choice is ticked.
    pub fn holds(&self, value: &str) -> bool {
        self.value.split(',').any(|held| held == value)
    }

    /// What the box of a choice is called in the form.
    pub fn box_name(&self, value: &str) -> String {
        format!("{}-{value}", self.name)
    }

    /// Ids of what describes it, for readers of screens.
    pub fn described_by(&self) -> String {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let mistake = self.mistake.as_ref().map(|_| format!("{}-fout", self.name));
        let ids: Vec<String> = mistake.into_iter().chain(hint).collect();
        ids.join(" ")
    }
}

/// A way on from a page.
#[derive(Debug, Clone)]
pub struct Way {
    /// Where.
    pub address: String,
    /// In words.
    pub words: String,
}

impl Way {
    /// To here, in these words.
    pub fn to(address: impl Into<String>, words: impl Into<String>) -> Self {
        Self { address: address.into(), words: words.into() }
    }
}

/// Help beside a form: a heading and numbered steps.
#[derive(Debug, Clone)]
pub struct Help {
    /// What it helps with.
    pub title: &'static str,
    /// In order.
    pub steps: Vec<&'static str>,
}

/// A page with one form.
#[derive(Debug, Template)]
#[template(path = "accounts/sheet.html")]
pub struct Sheet {
    /// What is around it.
    pub frame: Frame,
    /// Its heading.
    pub title: String,
    /// What it is for.
    pub lead: String,
    /// Which step of a wizard.
    pub step: Option<String>,
    /// `good`, `wait` or `serious`, and a sentence.
    pub note: Option<(&'static str, String)>,
    /// Where the form goes; empty for a page without one.
    pub action: String,
    /// What proves that the form is ours.
    pub token: String,
    /// What the form carries along.
    pub hidden: Vec<(&'static str, String)>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What its button says.
    pub button: String,
    /// Ways that need no form, as buttons above it.
    pub connects: Vec<Way>,
    /// Ways on.
    pub ways: Vec<Way>,
    /// Help beside it.
    pub help: Vec<Help>,
    /// Whether the cursor stays away until there is a mistake: the page is for looking as well.
    pub quiet: bool,
    /// Which of the settings it is; empty for a page that stands alone.
    pub tab: &'static str,
    /// Whether an owner looks at it; for the settings.
    pub owner: bool,
}

impl Sheet {
    /// The page named `name` in the texts, posting to `action`.
    pub fn new(
        frame: Frame,
        name: &str,
        action: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let t = frame.t;
        let say = |what: &str| t.get(&format!("sheet.{name}.{what}")).to_owned();
        Self {
            title: say("title"),
            lead: say("lead"),
            button: say("button"),
            frame,
            step: None,
            note: None,
            action: action.into(),
            token: token.into(),
            hidden: Vec::new(),
            fields: Vec::new(),
            connects: Vec::new(),
            ways: Vec::new(),
            help: Vec::new(),
            quiet: false,
            tab: "",
            owner: false,
        }
    }

    /// With these fields; the cursor begins at the first mistake, or at the first empty one.
    #[must_use]
    pub fn with(mut self, fields: Vec<Field>, mistakes: &Mistakes) -> Self {
        let t = self.frame.t;
        self.fields = fields;
        for field in &mut self.fields {
            field.mistake = mistakes.of(field.name, t);
        }
        let first = self.fields.iter().position(|field| field.mistake.is_some()).or_else(|| {
            let text = |field: &Field| !matches!(field.kind, "select" | "checkbox" | "choices");
            self.fields.iter().position(|field| text(field) && field.value.is_empty())
        });
        if let Some(field) = first.and_then(|first| self.fields.get_mut(first)) {
            field.focus = !self.quiet || field.mistake.is_some();
        }
        if !mistakes.none() && self.note.is_none() {
            self.note = Some(("serious", t.get("mistake.summary").to_owned()));
        }
        self
    }

    /// Carrying something along.
    #[must_use]
    pub fn carrying(mut self, name: &'static str, value: &str) -> Self {
        if !value.is_empty() {
            self.hidden.push((name, value.to_owned()));
        }
        self
    }

    /// With a refusal of accounts, in the page's own words.
    #[must_use]
    pub fn refused(mut self, refusal: &Refusal) -> Self {
        self.note = Some(("serious", in_words(refusal, self.frame.t).to_owned()));
        self
    }

    /// As an answer. A page that asks for something to be mended is a page like any other: people
    /// mistype, and a browser writes every status from 400 up into its console as a defect. What
    /// was done answers 303, so a script can tell the two apart.
    pub fn answer(&self) -> Result<Response, Failure> {
        html(self)
    }
}

/// A refusal in the words of the pages.
pub fn in_words(refusal: &Refusal, t: Texts) -> &'static str {
    let key = match (refusal.code(), refusal.reason()) {
        ("weak_password", Some("length")) => "refused.weak_length".to_owned(),
        (code, _) => format!("refused.{code}"),
    };
    t.find(&key).unwrap_or_else(|| t.get("refused.other"))
}

/// Renders a template as a page.
pub fn html(page: &impl Template) -> Result<Response, Failure> {
    let html = page.render().map_err(|error| Failure::defect(&error))?;
    Ok(Html(html).into_response())
}

/// An answer that sets cookies.
pub fn with_cookies(mut response: Response, cookies: Vec<axum::http::HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
