//! Where profiles come from: a file, a folder beside the configuration, or the program itself.

use std::path::{Path, PathBuf};

use super::built_in::BUILT_IN;
use super::keys::{KEYS, ProfileKey};
use super::types::Profile;
use crate::reader::{self, Context, Section, nearest, text_of};
use crate::{Fault, Faults};

/// Most octets of a profile's file.
const FILE_OCTETS_MAX: u64 = 1 << 20;
/// Folder beside the configuration in which names are looked for first.
const FOLDER: &str = "profiles";

impl Profile {
    /// Reads the profile of a path or a name: [`Profile::find`] from the working folder.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(path_or_name: &str) -> Result<Self, Faults> {
        Self::find(path_or_name, Path::new(""))
    }

    /// Reads a profile. What has a `/` or ends with `.toml` is a path, relative to `base_dir`; else it is a name:
    /// `profiles/NAME.toml` in `base_dir` where there is such a file, else one of [`Profile::names`].
    ///
    /// # Errors
    /// All faults at once; one without line where there is no such profile.
    pub fn find(path_or_name: &str, base_dir: &Path) -> Result<Self, Faults> {
        if path_or_name.contains('/') || path_or_name.ends_with(".toml") {
            return Self::open(&base_dir.join(path_or_name));
        }
        let beside = base_dir.join(FOLDER).join(format!("{path_or_name}.toml"));
        if beside.is_file() {
            return Self::open(&beside);
        }
        match BUILT_IN.iter().find(|(name, _)| *name == path_or_name) {
            Some((name, text)) => Self::parse(text, &format!("{name}.toml")),
            None => Err(unknown(path_or_name, &beside)),
        }
    }

    /// A profile that the program brings along; none where it has none of this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(text, &format!("{name}.toml")).ok()
    }

    /// Names of the profiles that the program brings along, in order.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// Every key of a profile's file, in the order in which files are written.
    #[must_use]
    pub const fn keys() -> &'static [ProfileKey] {
        KEYS
    }

    /// Reads a text. `file_name` is what faults call it, and without its ending the profile's name where the text
    /// gives none.
    ///
    /// # Errors
    /// All faults at once.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Faults> {
        let context = Context::new(text, file_name, Path::new(""));
        read(text, file_name, &context)
    }

    fn open(path: &Path) -> Result<Self, Faults> {
        // A path that was joined to `.` is named as people wrote it.
        let path = path.strip_prefix(".").unwrap_or(path);
        Self::parse(
            &text_of(path, FILE_OCTETS_MAX)?,
            &path.display().to_string(),
        )
    }
}

/// Reads the file, gathering faults in `context`.
pub(super) fn read(text: &str, file_name: &str, context: &Context) -> Result<Profile, Faults> {
    let document = reader::document(text, context)?;
    let section = Section::new(context, "the profile", Some((document.get_ref(), 1)));
    let stem = PathBuf::from(file_name);
    let stem = stem.file_stem().and_then(|stem| stem.to_str());
    let profile = Profile::read(&section, stem.unwrap_or_default());
    match context.faults.take() {
        Some(faults) => Err(faults),
        None => Ok(profile),
    }
}

fn unknown(name: &str, beside: &Path) -> Faults {
    Faults(vec![Fault {
        file: name.to_owned(),
        line: 0,
        what: format!(
            "is no profile: there is no file {}, and none is built in; {}",
            beside.display(),
            nearest(name, &Profile::names())
        ),
    }])
}
