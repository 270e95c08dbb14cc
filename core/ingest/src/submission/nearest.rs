//! The name that was probably meant.

/// Most names listed where none is near.
const LISTED_MAX: usize = 20;
/// Octets of a name that is worth showing.
const NAME_OCTETS_MAX: usize = 64;

/// `did you mean ...?`, or what is known. A name that is empty is none.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let known = known.filter(|name| !name.is_empty());
    let distance = |name: &str| strsim::damerau_levenshtein(found, name);
    match known.clone().min_by_key(|name| distance(name)) {
        Some(name) if distance(name) <= (found.chars().count() / 3).max(2) => {
            format!("did you mean `{name}`?")
        }
        _ => {
            let readable =
                |name: &&str| name.len() <= NAME_OCTETS_MAX && !name.contains(char::is_control);
            let listed: Vec<&str> = known.filter(readable).take(LISTED_MAX).collect();
            match listed.is_empty() {
                true => "no name there can be read".to_owned(),
                false => format!("known are {}", listed.join(", ")),
            }
        }
    }
}
