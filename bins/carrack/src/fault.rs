//! Why a command did not do what it was asked, and the exit code that says so.

use std::fmt;

use carrack_settings::Faults;

/// The end of a command that failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The configuration, each fault on a line of its own. Exit 2.
    Configuration(Faults),
    /// What was asked for cannot be meant. Exit 2.
    Usage(String),
    /// It was tried and failed. Exit 1.
    Failed(anyhow::Error),
    /// It failed, and what there is to say stands in the result already. Exit 1.
    Said,
}

impl Fault {
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Usage(_) => 2,
            Self::Failed(_) | Self::Said => 1,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(faults) => write!(f, "{faults}"),
            Self::Usage(what) => write!(f, "error: {what}"),
            Self::Failed(error) => write!(f, "error: {}", causes(error)),
            Self::Said => Ok(()),
        }
    }
}

/// The whole chain of causes on one line; a cause that its effect tells already is not told again.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

impl From<Faults> for Fault {
    fn from(faults: Faults) -> Self {
        Self::Configuration(faults)
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<carrack_queue::StoreFault> for Fault {
    fn from(fault: carrack_queue::StoreFault) -> Self {
        Self::Failed(fault.into())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::causes;

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow!("disk full")
            .context("cannot write: disk full")
            .context("demo");
        assert_eq!(causes(&error), "demo: cannot write: disk full");
    }
}
