//! What a handset means: stop, start, help, something that a person has to read, or nothing of it.
//!
//! Promise: pure, and one rule for all languages, whose words are data. A text that is a keyword and nothing else, with
//! whatever case, signs and accents, is certain; so is one with words of politeness around it ("STOP, thanks"). A text that
//! has more to say is never certain: a person reads it, or it is taken as a stop where that is set so. Bound: texts of more
//! than [`TOKENS_MAX`] words are looked at no further; a file of words has [`WORDS_MAX`] at most.

mod fold;
mod reading;
mod words;

pub use reading::{Meaning, TOKENS_MAX};
pub use words::{Keywords, WORDS_MAX};
