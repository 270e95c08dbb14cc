//! The commands, one a file. Each takes its arguments and gives nothing, or a fault with its exit code.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod balance;
pub(crate) mod batch;
pub(crate) mod cancel;
pub(crate) mod carrier;
pub(crate) mod cdr;
pub(crate) mod completions;
pub(crate) mod config_check;
pub(crate) mod deck;
pub(crate) mod demo;
pub(crate) mod limit;
pub(crate) mod mo;
pub(crate) mod numbers;
pub(crate) mod queue;
pub(crate) mod quote;
pub(crate) mod rehearse;
pub(crate) mod route;
pub(crate) mod send;
pub(crate) mod send_lines;
pub(crate) mod serve;
pub(crate) mod shadow;
pub(crate) mod status;
pub(crate) mod text;
pub(crate) mod trace;
