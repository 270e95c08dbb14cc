//! `carrack completions`: what a shell needs to complete commands; `carrack openapi`: what a program needs to call a node.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::fault::Fault;
use crate::output::{self, Results};

/// Prints completions for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack completions bash > /etc/bash_completion.d/carrack
  carrack completions zsh > ~/.zfunc/_carrack
  carrack completions fish > ~/.config/fish/completions/carrack.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the OpenAPI 3.1 document of the HTTP door, as a node serves it at /openapi.json
#[derive(Args)]
#[command(after_help = "\
Examples:
  carrack openapi > openapi.json")]
pub(crate) struct OpenApi {
    /// The document is JSON in any case; taken so that all commands have it
    #[arg(long)]
    #[allow(dead_code, reason = "it changes nothing")]
    json: bool,
}

/// Runs `completions`.
pub(crate) fn completions(arguments: &Completions) -> Result<(), Fault> {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut crate::Cli::command(),
        "carrack",
        &mut text,
    );
    std::io::Write::write_all(&mut Results, &text)?;
    Ok(())
}

/// Runs `openapi`.
pub(crate) fn openapi(_: &OpenApi) -> Result<(), Fault> {
    output::line(carrack_ingest::http::openapi())
}
