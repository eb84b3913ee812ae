//! The template language of `html_template`: logic-less, strict, escaped.
//!
//! `{{name}}` puts a value in, HTML-escaped. `{{#name}}…{{/name}}` keeps its content when
//! the value is there, `{{^name}}…{{/name}}` when it is not. The outermost sections are the
//! passages a rule can say. Nothing else exists: no loops, no includes, no expressions, so
//! that a template can neither compute nor run away (hazard D14).

use std::collections::{BTreeMap, BTreeSet};

/// Templates are at most this many bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Sections nest at most this deep.
const MAX_DEPTH: usize = 4;

/// A parsed template: its passages by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    passages: BTreeMap<String, Vec<Node>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Variable(String),
    Section { name: String, when_present: bool, content: Vec<Node> },
}

/// Why a template was refused when it was saved, or could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Over [`MAX_BYTES`].
    #[error("the template is larger than 64 kB")]
    TooLarge,
    /// `{{` without `}}`, or the other way round.
    #[error("a tag is not closed: {0}")]
    UnclosedTag(String),
    /// A section that is never ended, or ended under another name.
    #[error("the section {0} is not closed")]
    UnclosedSection(String),
    /// Something other than a name between the braces.
    #[error("{0} is not a name; only {{{{name}}}}, {{{{#name}}}} and {{{{^name}}}} exist")]
    NotAName(String),
    /// Text that stands outside every passage.
    #[error("text outside every section: {0}")]
    OutsideSection(String),
    /// Nested deeper than four.
    #[error("sections nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The passage is not in the template.
    #[error("the section {0} is missing")]
    MissingSection(String),
    /// The template names a value that does not exist here.
    #[error("{0} is not known in section {1}")]
    UnknownVariable(String, String),
    /// A value was not there when the reply was written.
    #[error("the value {0} is missing")]
    MissingValue(String),
}

impl Template {
    /// Parses a template. Linear in its length.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        if source.len() > MAX_BYTES {
            return Err(TemplateError::TooLarge);
        }
        let mut open: Vec<(String, bool, Vec<Node>)> = Vec::new();
        let mut root = Vec::new();
        let mut rest = source;
        while let Some((text, behind)) = rest.split_once("{{") {
            if text.contains("}}") {
                return Err(TemplateError::UnclosedTag(excerpt(text)));
            }
            push_text(text, &mut open, &mut root);
            let (tag, after) = behind
                .split_once("}}")
                .ok_or_else(|| TemplateError::UnclosedTag(excerpt(behind)))?;
            place(tag, &mut open, &mut root)?;
            rest = after;
        }
        if rest.contains("}}") {
            return Err(TemplateError::UnclosedTag(excerpt(rest)));
        }
        push_text(rest, &mut open, &mut root);
        if let Some((name, ..)) = open.pop() {
            return Err(TemplateError::UnclosedSection(name));
        }
        Self::from_root(root)
    }

    fn from_root(root: Vec<Node>) -> Result<Self, TemplateError> {
        let mut passages = BTreeMap::new();
        for node in root {
            match node {
                Node::Section { name, when_present: true, content } => {
                    passages.insert(name, content);
                }
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(text) => return Err(TemplateError::OutsideSection(excerpt(&text))),
                Node::Variable(name) | Node::Section { name, .. } => {
                    return Err(TemplateError::OutsideSection(name));
                }
            }
        }
        Ok(Self { passages })
    }

    /// Checks a shop's template against the master: every passage is there, and each names
    /// only values that the master's passage, or every passage, may name.
    pub fn check_against(&self, master: &Self) -> Result<(), TemplateError> {
        for (section, content) in &master.passages {
            let own = self
                .passages
                .get(section)
                .ok_or_else(|| TemplateError::MissingSection(section.clone()))?;
            let mut known = BTreeSet::new();
            names(content, &mut known);
            let mut used = BTreeSet::new();
            names(own, &mut used);
            if let Some(name) = used.difference(&known).next() {
                return Err(TemplateError::UnknownVariable((*name).clone(), section.clone()));
            }
        }
        match self.passages.keys().find(|section| !master.passages.contains_key(*section)) {
            Some(section) => Err(TemplateError::UnknownVariable(section.clone(), section.clone())),
            None => Ok(()),
        }
    }

    /// The names of its passages.
    pub fn passages(&self) -> impl Iterator<Item = &str> {
        self.passages.keys().map(String::as_str)
    }

    /// Fills one passage. A value that is named but absent is an error, never a gap.
    pub fn fill(
        &self,
        passage: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<String, TemplateError> {
        let content = self
            .passages
            .get(passage)
            .ok_or_else(|| TemplateError::MissingSection(passage.to_owned()))?;
        let mut html = String::new();
        render(content, values, &mut html)?;
        Ok(html.trim().to_owned())
    }
}

/// Text goes into the innermost open section.
fn push_text(text: &str, open: &mut [(String, bool, Vec<Node>)], root: &mut Vec<Node>) {
    if !text.is_empty() {
        open.last_mut().map_or(root, |(.., content)| content).push(Node::Text(text.to_owned()));
    }
}

/// Opens or closes a section, or puts a variable.
fn place(
    tag: &str,
    open: &mut Vec<(String, bool, Vec<Node>)>,
    root: &mut Vec<Node>,
) -> Result<(), TemplateError> {
    let tag = tag.trim();
    let (sign, name) = match tag.chars().next() {
        Some(sign @ ('#' | '^' | '/')) => (Some(sign), tag.trim_start_matches(sign).trim()),
        _ => (None, tag),
    };
    let is_name = !name.is_empty()
        && name.len() <= 60
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name {
        return Err(TemplateError::NotAName(excerpt(tag)));
    }
    match sign {
        Some('/') => {
            let (opened, when_present, content) =
                open.pop().ok_or_else(|| TemplateError::UnclosedSection(name.to_owned()))?;
            if opened != name {
                return Err(TemplateError::UnclosedSection(opened));
            }
            let section = Node::Section { name: opened, when_present, content };
            open.last_mut().map_or(root, |(.., content)| content).push(section);
        }
        Some(sign) if open.len() < MAX_DEPTH => {
            open.push((name.to_owned(), sign == '#', Vec::new()));
        }
        Some(_) => return Err(TemplateError::TooDeep),
        None => {
            let variable = Node::Variable(name.to_owned());
            open.last_mut().map_or(root, |(.., content)| content).push(variable);
        }
    }
    Ok(())
}

fn names(content: &[Node], found: &mut BTreeSet<String>) {
    for node in content {
        match node {
            Node::Text(_) => {}
            Node::Variable(name) => {
                found.insert(name.clone());
            }
            Node::Section { name, content, .. } => {
                found.insert(name.clone());
                names(content, found);
            }
        }
    }
}

fn render(
    content: &[Node],
    values: &BTreeMap<String, String>,
    html: &mut String,
) -> Result<(), TemplateError> {
    for node in content {
        match node {
            Node::Text(text) => html.push_str(text),
            Node::Variable(name) => {
                let value =
                    values.get(name).ok_or_else(|| TemplateError::MissingValue(name.clone()))?;
                escape_into(value, html);
            }
            Node::Section { name, when_present, content } => {
                if values.contains_key(name) == *when_present {
                    render(content, values, html)?;
                }
            }
        }
    }
    Ok(())
}

/// Escapes for HTML text and double-quoted attributes.
pub fn escape_into(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

fn excerpt(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn sections_follow_the_presence_of_values() {
        let template = Template::parse(
            "{{#a}}Hi {{name}}{{#order}}, {{order}}{{/order}}{{^order}}!{{/order}}{{/a}}",
        )
        .unwrap();
        let with = template.fill("a", &values(&[("name", "Sanne"), ("order", "7")])).unwrap();
        assert_eq!(with, "Hi Sanne, 7");
        let without = template.fill("a", &values(&[("name", "Sanne")])).unwrap();
        assert_eq!(without, "Hi Sanne!");
    }

    /// Hazard D15.
    #[test]
    fn d15_values_are_escaped() {
        let template = Template::parse("{{#a}}<p title=\"{{name}}\">{{name}}</p>{{/a}}").unwrap();
        let html = template.fill("a", &values(&[("name", "<img onerror=x> \"'&")])).unwrap();
        assert!(!html.contains("<img"), "{html}");
        assert!(html.contains("&lt;img onerror=x&gt; &quot;&#39;&amp;"), "{html}");
    }

    /// Hazard D14.
    #[test]
    fn d14_anything_but_names_is_refused() {
        for source in [
            "{{#a}}{{7*7}}{{/a}}",
            "{{#a}}{{name",
            "{{#a}}}}{{/a}}",
            "{{#a}}x",
            "{{#a}}{{/b}}",
            "{{/a}}",
            "{{#a}}{{> include}}{{/a}}",
            "{{#a}}{{name.upper}}{{/a}}",
            "{{#a}}{{{name}}}{{/a}}",
            "{{#a}}{% for x in y %}{{#b}}{{#c}}{{#d}}{{#e}}{{/e}}{{/d}}{{/c}}{{/b}}{{/a}}",
            "loose text {{#a}}{{/a}}",
            "{{name}}",
        ] {
            assert!(Template::parse(source).is_err(), "{source}");
        }
        assert_eq!(Template::parse(&"x".repeat(MAX_BYTES + 1)), Err(TemplateError::TooLarge));
    }

    #[test]
    fn a_missing_value_blocks() {
        let template = Template::parse("{{#a}}{{name}}{{/a}}").unwrap();
        assert_eq!(
            template.fill("a", &values(&[])),
            Err(TemplateError::MissingValue("name".to_owned()))
        );
    }

    #[test]
    fn a_shops_template_names_only_what_the_master_names() {
        let master = Template::parse("{{#a}}{{x}}{{/a}}{{#b}}{{y}}{{/b}}").unwrap();
        let good = Template::parse("{{#b}}only text{{/b}} {{#a}}{{x}}{{x}}{{/a}}").unwrap();
        assert_eq!(good.check_against(&master), Ok(()));
        let missing = Template::parse("{{#a}}{{x}}{{/a}}").unwrap();
        assert_eq!(
            missing.check_against(&master),
            Err(TemplateError::MissingSection("b".to_owned()))
        );
        let unknown = Template::parse("{{#a}}{{y}}{{/a}}{{#b}}{{/b}}").unwrap();
        assert!(matches!(
            unknown.check_against(&master),
            Err(TemplateError::UnknownVariable(name, _)) if name == "y"
        ));
    }
}
