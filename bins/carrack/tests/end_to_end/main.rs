//! The built program against simulated carriers, over sockets, with real files, signals and kills.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod asked;
mod batches;
mod carrier;
mod cdr;
mod chained;
mod configuration;
mod consent;
mod crashes;
mod credit;
mod customer_crashes;
mod customer_requests;
mod customers;
mod decks;
mod failover;
mod handsets;
mod http_commands;
mod idempotency;
mod limits;
mod loop_probes;
mod message_states;
mod mo_customers;
mod modem_handsets;
mod modem_overflow;
mod modem_pools;
mod node;
mod probe;
mod queue_jobs;
mod rehearsal;
mod scheduled;
mod shadow;
mod shelf;
mod switching;
mod trace;
mod webhooks;
