//! What is beside the text of one mail: its layout, and its files.

use store::InteractionId;
use store::conversations::ThreadView;

use super::super::texts::Texts;
use super::files::FileView;
use super::formatted::{Layout, Opened, Shown};

/// Of one mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// The switch to its layout; none when it is text only.
    pub layout: Option<Layout>,
    /// Its files.
    pub files: Vec<FileView>,
    /// Pictures inside the text.
    pub inside: Vec<FileView>,
    /// How many those are, in words.
    pub inside_title: String,
    /// That there are more files than are listed.
    pub more_files: Option<String>,
}

impl Beside {
    /// Of a mail of the conversation at `here`.
    pub fn of(view: &ThreadView, mail: InteractionId, here: &str, shown: Shown, t: Texts) -> Self {
        let look = view.views.iter().find(|look| look.interaction_id == mail);
        let layout = look.and_then(|look| Layout::of(look, here, shown));
        let left_out = look.map_or(0, |look| i64::from(look.files_left_out));
        let files = view.files.iter().filter(|file| file.interaction_id == mail);
        let files = files.map(|file| FileView::of(file, here, t));
        // Without a layout there is no text that they are inside of.
        let (inside, files): (Vec<_>, Vec<_>) =
            files.partition(|file| file.inside && layout.is_some());
        let number = i64::try_from(inside.len()).unwrap_or(i64::MAX);
        Self {
            inside_title: t.count("file.inside", number),
            more_files: (left_out > 0).then(|| t.count("file.more", left_out)),
            layout,
            files,
            inside,
        }
    }

    /// The frame, when this mail is shown laid out.
    pub fn opened(&self) -> Option<&Opened> {
        self.layout.as_ref()?.frame.as_ref()
    }
}
